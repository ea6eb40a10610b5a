package ablations

import (
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/eval/protocol"
)

// Method sets ADD beside the few-step methods that it is compared with, of the same teacher, in as many steps of as many pictures. Where a
// teacher is asked it is guided as it is measured, but in ADD's default cell. Rivals had a few trials, which the lab notes list; ADD had
// dozens.
var Method = register(Axis{
	Name: "method", Title: "Few-step methods on one teacher",
	Question: "Which method makes the best few-step student of one teacher in one budget?",
	Cells: []Cell{
		{Name: "add", Default: true},
		{Name: "score-difference", Set: scoreDifference},
		{Name: "add-dmd", Set: addDMD},
		{Name: "lcm", Set: consistent},
		{Name: "scm", Set: scm},
		{Name: "scm-4", Set: scm, Steps: 4},
		{Name: "sana-sprint", Set: sanaSprint},
		{Name: "regression", Set: regression},
		{Name: "regression-adv", Set: func(c *distill.Config) { regression(c); judged(c) }},
		{Name: "dmd", Set: dmd},
		{Name: "dmd-adv", Set: func(c *distill.Config) { dmd(c); judged(c) }},
		{Name: "reflow", Set: reflow(distill.DefaultReflow.Regress)},
		{Name: "reflow-4", Set: reflow(0), Steps: 4, Form: diffusion.ODE},
		{Name: "progressive", Set: progressive(1)},
		{Name: "progressive-4", Set: progressive(4), Steps: 4, Form: diffusion.ODE},
		{Name: "dmd2", Set: fdistill("rkl")},
		{Name: "f-distill", Set: fdistill("js")},
		{Name: "sid", Set: sid},
		{Name: "ladd", Set: ladd},
		{Name: "ladd-4", Set: ladd, Steps: 4},
		{Name: "gan", Set: func(c *distill.Config) { gan(c); c.Init = distill.Random }},
		{Name: "gan-pretrained", Set: gan},
		{Name: "ufogen", Set: ufogenOnce},
		{Name: "ufogen-4", Set: ufogen, Steps: 4},
	},
})

// fromNoise begins at pure noise and nothing else, at four times that are drawn equally often.
func fromNoise(c *distill.Config) {
	c.Times, c.SignalLeak, c.Pure = []int{1000, 750, 500, 250}, false, 0
}

// guided leaves the student to a named method alone.
func guided(c *distill.Config) {
	fromNoise(c)
	c.Adversarial, c.Lambda, c.TeacherGuidance = 0, 1, protocol.DefaultSetup(c.Scale).Guidance
}

// teacherPairs are as many of the teacher as a student learns in its steps, in which it sees each six times; at the larger scales as
// many as there is time for.
func teacherPairs(c *distill.Config) distill.Pairs {
	p := distill.DefaultPairs
	switch c.Scale {
	case "smoke":
		p.Count, p.Steps = 64, 4
	case "cpu":
		p.Count = max(1, c.Steps*c.Batch*4/25/64) * 64
	case "gpu", distill.LatentScale:
		p.Count = 1 << 15
	}
	return p
}

func regression(c *distill.Config) {
	guided(c)
	s := distill.DefaultRegression
	s.Pairs = teacherPairs(c)
	c.Times, c.Method = []int{1000}, &distill.Named{Settings: s}
}

// reflow regresses in this share of the steps.
func reflow(share float64) func(*distill.Config) {
	return func(c *distill.Config) {
		guided(c)
		s := distill.DefaultReflow
		s.Pairs, s.Regress = teacherPairs(c), share
		c.Method = &distill.Named{Settings: s}
	}
}

// judged adds ADD's discriminator, which is told the caption.
func judged(c *distill.Config) { c.Adversarial, c.Discriminator.Image = 0.3, false }

// dmd adds the fake score to regression in the second half of the steps (Yin et al. 2311.18828).
func dmd(c *distill.Config) {
	regression(c)
	c.Matching = matchingFrom(c, 1+c.Steps/2)
}

// progressive halves to these steps.
func progressive(to int) func(*distill.Config) {
	return func(c *distill.Config) {
		guided(c)
		s := distill.DefaultProgressive
		s.From, s.To, c.Times, c.EMA = max(4, 2*to), to, nil, 0.95 // an average that forgets the stage before
		for i := range to {
			c.Times = append(c.Times, 1000-1000*i/to)
		}
		c.Method = &distill.Named{Settings: s}
	}
}

// gan leaves the discriminator alone with the student, and tells it the caption (StyleGAN-T, Sauer et al. 2301.09515).
func gan(c *distill.Config) {
	fromNoise(c)
	c.Lambda, c.Discriminator.Image, c.Times = 0, false, []int{1000}
}

// ladd leaves the student to heads on the teacher's own features of pictures that are diffused anew (Sauer et al. 2403.12015). Three
// quarters of the batch begin at pure noise, as late in the paper. Features and heads know the level.
func ladd(c *distill.Config) {
	fromNoise(c)
	seesThroughTeacher(c)
	groupNorm(c)
	c.Lambda, c.Pure = 0, c.Batch*3/4
	c.Discriminator.Image, c.Discriminator.Augment, c.Discriminator.Level = false, false, true
}

// sanaSprint is consistency with LADD's heads beside it, at half its weight and on the half of the batch that begins at pure noise (Chen et
// al. 2503.09641). Its consistency is LCM's, in discrete time, where theirs is sCM's.
func sanaSprint(c *distill.Config) {
	halfPure(c)
	seesThroughTeacher(c)
	groupNorm(c)
	c.Adversarial = 0.5
	c.Discriminator.Image, c.Discriminator.Augment, c.Discriminator.Level = false, false, true
}

func ufogen(c *distill.Config) {
	fromNoise(c)
	groupNorm(c)
	c.Lambda, c.FeaturesNet = 1, c.Teacher()
	c.Discriminator.Image, c.Discriminator.Augment, c.Discriminator.Level = false, false, true
	c.Method = &distill.Named{Settings: distill.DefaultUFOGen}
}

// ufogenOnce draws in one step. Its pictures are judged at 250: at 750 little is seen of them.
func ufogenOnce(c *distill.Config) {
	ufogen(c)
	c.Times = []int{1000, 250}
}

// fdistill begins every picture at pure noise. Fake score and discriminator move five times a step, as in DMD2.
func fdistill(divergence string) func(*distill.Config) {
	return func(c *distill.Config) {
		guided(c)
		groupNorm(c)
		c.Adversarial, c.Lambda, c.FeaturesNet, c.Times = 0.1, 0, c.Teacher(), []int{1000}
		c.Discriminator.Image, c.Discriminator.Augment, c.Discriminator.Softplus, c.DiscriminatorUpdates = false, false, true, 5
		c.Matching = matchingFrom(c, 1)
		s := distill.DefaultFDistill
		s.Divergence = divergence
		c.Method = &distill.Named{Settings: s}
	}
}

func scm(c *distill.Config) {
	guided(c)
	c.Method = &distill.Named{Settings: distill.DefaultSCM}
}

// sid begins every picture at pure noise, as f-distill does. Its student is told 750, near the noise at which its authors' begin (Zhou et al.
// 2404.04057): told 1000, where nothing of a picture is left, the teacher answers with a mean.
func sid(c *distill.Config) {
	fdistill("rkl")(c)
	c.Adversarial, c.FeaturesNet, c.Discriminator.Softplus, c.DiscriminatorUpdates = 0, "", false, 0
	c.Times, c.Method = []int{750}, &distill.Named{Settings: distill.DefaultSiD}
}
