// Package latent opens latent diffusion models in diffusers' layout, Stable Diffusion 1, 2 and XL, and draws pictures for captions.
//
//	m, err := latent.Open(ctx, "stabilityai/sd-turbo", latent.Options{})
//	p, err := m.Load(backend)
//	defer p.Close()
//	flat, err := p.Draw(ctx, latent.Request{Prompts: []string{"a fox"}, Steps: 1, Size: m.Size})
//
// Open reads the configs and refuses by name what is not built here; Load reads the weights.
package latent

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/internal/published"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/tokenizer"
	"github.com/addlab/addlab/network/weights"
)

// Text is a text tower and its tokenizer.
type Text struct {
	Config network.TextConfig
	Words  *tokenizer.CLIP
}

// Model is what a folder holds besides weights.
type Model struct {
	Dir   string
	XL    bool // Stable Diffusion XL: two towers, and the size of the picture as a condition
	UNet  network.UNetConfig
	VAE   network.VAEConfig
	Texts []Text
	Size  int // side of the pictures that it was trained on, in pixels

	names        []string            // of all files that are read
	weights      map[string][]string // files of every part
	scheduler    string              // class that the index names, which the scheduler's own file may not; "" for none
	old          bool                // its pipeline overrides fields of schedulers
	zeroNegative bool                // without a negative prompt, states of zeros stand for it
}

// parts are the folders with weights.
var parts = []string{"unet", "vae", "text_encoder", "text_encoder_2"}

// Open finds a model, a folder or OWNER/NAME[@REVISION] on the HuggingFace hub, and reads its configs.
func Open(ctx context.Context, name string, o Options) (*Model, error) {
	dir, names, err := o.find(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("latent: %w", err)
	}
	m := &Model{Dir: dir, weights: map[string][]string{}}
	if err := m.read(names, o.Variant); err != nil {
		return nil, fmt.Errorf("latent: %s: %w", dir, err)
	}
	return m, nil
}

func (m *Model) read(names []string, variant string) (err error) {
	if err := m.readIndex(); err != nil {
		return err
	}
	if m.names, err = (Options{Variant: variant}).choose(names); err != nil {
		return err
	}
	for _, part := range m.parts() {
		if m.weights[part], err = weightFiles(names, part, variant); err != nil {
			return err
		}
	}
	var side int
	if m.UNet, side, err = network.ReadUNet(m.path("unet/config.json")); err != nil {
		return err
	}
	if m.VAE, err = network.ReadVAE(m.path("vae/config.json")); err != nil {
		return err
	}
	for _, suffix := range []string{"", "_2"}[:len(m.parts())-2] {
		var t Text
		if t.Config, err = network.ReadText(m.path("text_encoder" + suffix + "/config.json")); err != nil {
			return err
		}
		if t.Words, err = tokenizer.OpenCLIP(m.path("tokenizer" + suffix)); err != nil {
			return err
		}
		if t.Config.End == network.UnknownEnd {
			t.Config.End = t.Words.End()
		}
		m.Texts = append(m.Texts, t)
	}
	if side == 0 {
		side = 64
	}
	m.Size = side * m.VAE.Factor()
	return m.fit()
}

// readIndex reads model_index.json.
func (m *Model) readIndex() error {
	c := published.Read(m.path("model_index.json"))
	class := ""
	c.Take("_class_name", &class)
	m.XL, m.old = class == "StableDiffusionXLPipeline", class == "StableDiffusionPipeline"
	if !m.XL && !m.old && class != "LatentConsistencyModelPipeline" {
		c.Refuse("_class_name", `"StableDiffusionPipeline", "StableDiffusionXLPipeline" or "LatentConsistencyModelPipeline"`)
	}
	m.zeroNegative = m.XL
	c.Take("force_zeros_for_empty_prompt", &m.zeroNegative)
	of := func(library string, classes ...string) (all []any) {
		for _, class := range classes {
			all = append(all, []string{library, class})
		}
		return all
	}
	c.Only("unet", of("diffusers", "UNet2DConditionModel")...)
	c.Only("vae", of("diffusers", "AutoencoderKL")...)
	c.Only("text_encoder", of("transformers", "CLIPTextModel")...)
	c.Only("text_encoder_2", of("transformers", "CLIPTextModelWithProjection")...)
	for _, field := range []string{"tokenizer", "tokenizer_2"} {
		c.Only(field, of("transformers", "CLIPTokenizer", "CLIPTokenizerFast")...)
	}
	var scheduler []string // library and class
	if c.Take("scheduler", &scheduler); len(scheduler) == 2 {
		m.scheduler = scheduler[1]
	}
	// Pictures are neither checked nor marked here.
	c.Ignore("safety_checker", "requires_safety_checker", "feature_extractor", "image_encoder", "add_watermarker")
	return c.Err()
}

// fit wants the parts to fit together.
func (m *Model) fit() error {
	width := 0
	if m.VAE.InChannels != 3 || m.VAE.OutChannels != 3 {
		return fmt.Errorf("vae: in_channels = %d and out_channels = %d, want 3 for red, green and blue", m.VAE.InChannels, m.VAE.OutChannels)
	}
	for _, t := range m.Texts {
		width += t.Config.Width
		if n := t.Words.Size(); n > t.Config.Vocabulary {
			return fmt.Errorf("tokenizer: has %d ids, want at most vocab_size = %d of its text tower", n, t.Config.Vocabulary)
		}
		if n := t.Words.Context; n > t.Config.Context {
			return fmt.Errorf("tokenizer: model_max_length = %d, want at most max_position_embeddings = %d of its text tower", n, t.Config.Context)
		}
		if n, first := t.Words.Context, m.Texts[0].Words.Context; n != first {
			return fmt.Errorf("tokenizer_2: model_max_length = %d, want %d as tokenizer has", n, first)
		}
	}
	if m.UNet.CrossAttentionDim != width {
		return fmt.Errorf("unet: cross_attention_dim = %d, want %d as the text towers have", m.UNet.CrossAttentionDim, width)
	}
	if m.UNet.InChannels != m.VAE.LatentChannels || m.UNet.OutChannels != m.VAE.LatentChannels {
		return fmt.Errorf("unet: in_channels = %d and out_channels = %d, want the %d of the latents (no inpainting, no variance)", m.UNet.InChannels, m.UNet.OutChannels, m.VAE.LatentChannels)
	}
	if pooled := m.pooledWidth(); m.UNet.PooledWidth() != pooled {
		return fmt.Errorf("unet: reads a pooled text and sizes of %d numbers, want %d as the pipeline gives", m.UNet.PooledWidth(), pooled)
	}
	return nil
}

// pooledWidth is the width of the pooled condition: SDXL's second tower and six numbers, and the weight of guidance where the U-Net reads
// it.
func (m *Model) pooledWidth() (width int) {
	if m.XL {
		width = m.Texts[1].Config.Projection + 6
	}
	if m.ReadsGuidance() {
		width++
	}
	return width
}

// ReadsGuidance tells that the U-Net was distilled with guidance: its weight, from 1 on, is a condition, and one pass does.
func (m *Model) ReadsGuidance() bool { return m.UNet.GuidanceDim > 0 }

// UsualGuidance is the weight of guidance at which people draw with the model in many steps: diffusers' defaults.
func (m *Model) UsualGuidance() float64 {
	switch {
	case m.ReadsGuidance():
		return 8.5
	case m.XL:
		return 5
	}
	return 7.5
}

// Scheduler reads the scheduler, which is of the class that the index names. A sampler of diffusion.SchedulerClasses overrides it; "" keeps
// it.
func (m *Model) Scheduler(sampler string) (diffusion.Scheduler, error) {
	s, err := diffusion.ReadScheduler(m.path(schedulerFile), diffusion.Override{Class: m.scheduler, Sampler: sampler, StableDiffusion: m.old})
	if err != nil {
		err = fmt.Errorf("latent: %s: %w", m.Dir, err)
	}
	return s, err
}

// Levels are the scheduler's noise levels and prediction, which are all that a training needs, also where its sampler is not built here.
func (m *Model) Levels() (diffusion.Scheduler, error) {
	if s, err := m.Scheduler(""); err == nil {
		return s, nil
	}
	s, err := diffusion.ReadLevels(m.path(schedulerFile), m.scheduler)
	if err != nil {
		err = fmt.Errorf("latent: %s: %w", m.Dir, err)
	}
	return s, err
}

func (m *Model) parts() []string {
	if m.XL {
		return parts
	}
	return parts[:3]
}

// Files are the paths of all files that are read.
func (m *Model) Files() (paths []string) {
	for _, name := range m.names {
		paths = append(paths, m.path(name))
	}
	return paths
}

func (m *Model) path(name string) string { return filepath.Join(m.Dir, filepath.FromSlash(name)) }

// Tensors reads the types and shapes of a part's tensors from the headers of its files, without their bytes.
func (m *Model) Tensors(part string) (map[string]weights.Raw, error) {
	all := map[string]weights.Raw{}
	for _, file := range m.weights[part] {
		header, err := weights.HeaderAny(m.path(file))
		if err != nil {
			return nil, fmt.Errorf("latent: %w", err)
		}
		maps.Copy(all, header.Tensors)
	}
	return all, nil
}

// TextWidth is that of a pooled caption, the last tower's.
func (m *Model) TextWidth() int {
	t := m.Texts[len(m.Texts)-1].Config
	return cmp.Or(t.Projection, t.Width)
}

// TextValues is the number of values that the towers give for a caption: states that the U-Net reads, and the pooled caption.
func (m *Model) TextValues() int {
	return m.Texts[0].Words.Context*m.UNet.CrossAttentionDim + m.TextWidth()
}
