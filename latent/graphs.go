package latent

import (
	"fmt"
	"time"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/network"
)

// B batch, H and W sides of the latents, Z their channels, L tokens, E their width.

// Pipeline is a model with its weights. Compiled graphs are kept.
type Pipeline struct {
	*Model
	Spent   []time.Duration // on every picture of the last call of Draw
	backend compute.Backend
	store   *model.Store

	text, decode *model.Exec
	steps        map[stepKey]*model.Exec
}

// stepKey is what the graph of a step depends on, apart from shapes.
type stepKey struct {
	prediction diffusion.Prediction
	guidance   float64
}

// Load reads the weights onto the backend's device.
func (m *Model) Load(backend compute.Backend) (*Pipeline, error) {
	store, err := m.load(backend)
	if err != nil {
		return nil, err
	}
	p := &Pipeline{Model: m, backend: backend, store: store, steps: map[stepKey]*model.Exec{}}
	p.text, err = p.compile(func(root *model.Scope, in []*Node) []*Node {
		c := m.encode(root, in)
		if !m.XL { // the U-Net does not read it
			return []*Node{c.Tokens}
		}
		return []*Node{c.Tokens, c.Pooled}
	})
	if err == nil {
		p.decode, err = p.compile(func(root *model.Scope, in []*Node) []*Node {
			z := AddScalar(DivScalar(in[0], m.VAE.Scale), m.VAE.Shift)
			return []*Node{m.VAE.Decode(root.At("vae"), z)}
		})
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Close frees weights and graphs.
func (p *Pipeline) Close() {
	for _, exec := range p.steps {
		exec.Finalize()
	}
	for _, exec := range []*model.Exec{p.text, p.decode} {
		if exec != nil {
			exec.Finalize()
		}
	}
	p.store.Finalize()
}

func (p *Pipeline) compile(fn func(root *model.Scope, in []*Node) []*Node) (*model.Exec, error) {
	exec, err := model.NewExec(p.backend, p.store, fn)
	if err != nil {
		return nil, fmt.Errorf("latent: %w", err)
	}
	return exec, nil
}

// encode is the condition of captions, whose ids are [B,L] for every tower: states after the final norm of the only tower; or those that
// enter the last layers of both. Pooled is that of the last tower.
func (m *Model) encode(root *model.Scope, ids []*Node) diffusion.Cond {
	first := network.TextTower(root.At("text_encoder"), m.Texts[0].Config, ids[0])
	if !m.XL {
		return diffusion.Cond{Tokens: first.Tokens, Pooled: first.Pooled}
	}
	second := network.TextTower(root.At("text_encoder_2"), m.Texts[1].Config, ids[1])
	return diffusion.Cond{Tokens: Concatenate([]*Node{first.Penultimate, second.Penultimate}, 2), Pooled: second.Pooled}
}

// step is the graph of one step: x and noise [B,H,W,Z], the level [B,3] with the timestep for t, Step.Coef, what the steps before kept,
// then the conditions of the captions and, with guidance, of what it leads away from. It returns the next x and what this step keeps.
func (p *Pipeline) step(key stepKey) (*model.Exec, error) {
	if exec := p.steps[key]; exec != nil {
		return exec, nil
	}
	exec, err := p.compile(func(root *model.Scope, in []*Node) []*Node {
		denoise := diffusion.Adapt(key.prediction, func(xt *Node, l diffusion.Level, c diffusion.Cond) *Node {
			return p.UNet.Apply(root.At("unet"), xt, l.T, c.Tokens, c.Pooled)
		})
		history, conds := in[4:4+diffusion.History], p.conds(in[4+diffusion.History:])
		if diffusion.Guided(key.guidance) {
			denoise = diffusion.Guide(denoise, key.guidance, conds[1])
		}
		x0 := denoise(in[0], diffusion.LevelFrom(in[2]), conds[0])
		next, kept := diffusion.Update(in[3], in[0], x0, in[1], history)
		return []*Node{next, kept}
	})
	if err == nil {
		p.steps[key] = exec
	}
	return exec, err
}

// conds takes conditions apart.
func (p *Pipeline) conds(in []*Node) (all []diffusion.Cond) {
	for len(in) > 0 {
		c := diffusion.Cond{Tokens: in[0]}
		if in = in[1:]; p.pooledWidth() > 0 {
			c.Pooled, in = in[0], in[1:]
		}
		all = append(all, c)
	}
	return all
}
