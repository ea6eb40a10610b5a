package distill

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// departure is a choice that the paper makes otherwise or leaves open.
type departure struct {
	fields string // of Config, by their JSON names
	paper  string // what the paper (arXiv 2311.17042) says
	why    string
	same   string // values with which there is no departure
}

const notSaid = "not said"

// departures lists every place where a default config departs from the paper, or decides what the paper leaves open.
var departures = []departure{
	{fields: "steps, batch, scale", paper: "networks of 0.9 to 3.1 billion parameters, pictures of 512×512", why: "pictures and networks that one machine trains in minutes to hours"},
	{fields: "teacher_net, student_net", paper: "Stable Diffusion 2.1 and SDXL, in latents", why: "the bundle's own diffusion model, in pixels, predicting x₀ on a cosine schedule with zero terminal SNR"},
	{fields: "features_net", paper: "ViT-S of DINOv2", why: "the bundle's own ViT, trained without labels on the same pictures"},
	{fields: "times", paper: "four times, the last of them 1000", why: "the spacing of the released schedulers, but for the first (signal_leak); the authors' demo takes 999, 899, 799, 699"},
	{fields: "pure", paper: "s uniform over the times: a quarter of them", same: "0", why: "pictures of a batch at the first time, where one step begins; the other times share the rest"},
	{fields: "signal_leak", paper: "zero terminal SNR: the input at the last time is pure noise", same: "false", why: "the noisiest input shows the picture faintly, which kept variety at search seeds"},
	{fields: "lambda, reduction", paper: "λ = 2.5 with the squared norm over the picture (eq. 4)", same: "2.5, sum", why: "d sums over a patch and is a mean over patches, as the logits are means over tokens. λ is relative to that: 2.5 here is not eq. 4's"},
	{fields: "adversarial", paper: "the sum over heads (eq. 2, 3); over tokens not said", why: "sum over heads, mean over tokens"},
	{fields: "teacher_min, teacher_max", paper: notSaid, why: "DreamFusion's range of t, in thousandths, uniform"},
	{fields: "teacher_guidance", paper: notSaid, why: "none, but 7.5 with nfsd; consistency cells take the guidance at which the teacher is measured"},
	{fields: "discriminator.text", paper: "c_text of CLIP ViT-g-14", why: "the bundle's own text encoder, pooled"},
	{fields: "discriminator.image", paper: "c_img of DINOv2 ViT-L", why: "the class token of the bundle's own ViT; 0 at pure noise"},
	{fields: "discriminator.cond_rms", paper: "how c_text and c_img are joined is not said", why: "each has unit root mean square, then both are concatenated: they weigh the same"},
	{fields: "discriminator.norm, discriminator.norm_group, discriminator.norm_channels", paper: notSaid, why: "StyleGAN-T's: batch statistics over groups of samples, apart for real and generated pictures"},
	{fields: "discriminator.taps", paper: "the embedding and four blocks, as in StyleGAN-T", same: "4", why: "0 is a head on every block, of which the features have no more than four here"},
	{fields: "discriminator.kernel, discriminator.map_dim", paper: notSaid, why: "StyleGAN-T's widths; the condition's map is drawn from ±1/√E with a bias, StyleGAN-T's from N(0,1) without"},
	{fields: "discriminator.augment, discriminator.crop_prob", paper: notSaid, why: "DiffAugment of StyleGAN-T, drawn apart for real and generated pictures; its crops are for pictures larger than the network's input, which there are none of here"},
	{fields: "muon, student_rate, clip_norm", paper: notSaid, why: "Muon for the hidden matrices, AdamW for the rest; one other pair of rates was tried, at scale cpu"},
	{fields: "discriminator_rate", paper: notSaid, why: "Adam(0, 0.99) of StyleGAN-T; one update for each one of the student"},
	{fields: "ema", paper: notSaid, why: "the average is what is evaluated"},
}

// DepartureTable is a Markdown table of where a config departs from the paper, with the config's own values.
func DepartureTable(c Config) (string, error) {
	values, err := fieldValues(c)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| field | the paper | here | why |\n|---|---|---|---|\n")
	for _, d := range departures {
		var ours []string
		for field := range strings.SplitSeq(d.fields, ", ") {
			value, ok := values[field]
			if !ok {
				return "", fmt.Errorf("distill: departures have the field %s, want one of the config", field)
			}
			ours = append(ours, value)
		}
		if here := strings.Join(ours, ", "); here != d.same {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", strings.ReplaceAll(d.fields, ", ", "`, `"), d.paper, here, d.why)
		}
	}
	return b.String(), nil
}

// fieldValues are the values of all fields by their JSON names, those of the discriminator as discriminator.name.
func fieldValues(c Config) (map[string]string, error) {
	c.TeacherNet, c.StudentNet, c.FeaturesNet = c.Teacher(), c.Student(), c.Features()
	values := map[string]string{"discriminator.taps": fmt.Sprint(c.Discriminator.Taps), "signal_leak": fmt.Sprint(c.SignalLeak)} // left out of JSON at 0
	add := func(prefix string, from any) error {
		data, err := json.Marshal(from)
		if err != nil {
			return err
		}
		var fields map[string]json.RawMessage
		err = json.Unmarshal(data, &fields)
		for name, value := range fields {
			values[prefix+name] = strings.NewReplacer(`"`, "", ",", " ", ":", " ").Replace(string(value))
		}
		return err
	}
	err := errors.Join(add("", c), add("discriminator.", c.Discriminator))
	delete(values, "discriminator")
	return values, err
}
