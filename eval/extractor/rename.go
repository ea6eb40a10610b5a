package extractor

import (
	"regexp"
	"slices"
	"strings"

	"github.com/addlab/addlab/network/weights"
)

// Weights of one network go by different names; the graphs know one of them, and files that use another are renamed here.

// rename gives every tensor its new name; an empty one drops it.
func rename(f *weights.File, name func(old string) string) {
	renamed := make(map[string]weights.Tensor, len(f.Tensors))
	for old, t := range f.Tensors {
		if n := name(old); n != "" {
			renamed[n] = t
		}
	}
	f.Tensors = renamed
}

// split cuts a tensor into equal parts along its first axis.
func split(t weights.Tensor, n int) []weights.Tensor {
	parts := make([]weights.Tensor, n)
	for i := range parts {
		shape := slices.Clone(t.Shape)
		shape[0] /= n
		parts[i] = weights.Tensor{Shape: shape, Data: t.Data[i*len(t.Data)/n : (i+1)*len(t.Data)/n]}
	}
	return parts
}

// join puts the parts query, key and value behind each other, where all are there and alike.
func join(f *weights.File, name string, of func(part string) string) {
	all, parts := weights.Tensor{}, []string{of("query"), of("key"), of("value")}
	for i, n := range parts {
		t, ok := f.Tensors[n]
		if !ok || len(t.Shape) == 0 || i > 0 && !slices.Equal(t.Shape, f.Tensors[parts[0]].Shape) {
			return
		}
		all.Shape, all.Data = slices.Clone(t.Shape), append(all.Data, t.Data...)
	}
	all.Shape[0] *= 3
	for _, n := range parts {
		delete(f.Tensors, n)
	}
	f.Tensors[name] = all
}

func transpose(t weights.Tensor) weights.Tensor {
	rows, columns := t.Shape[0], t.Shape[1]
	x := make([]float32, len(t.Data))
	for i := range rows {
		for j := range columns {
			x[j*rows+i] = t.Data[i*columns+j]
		}
	}
	return weights.Tensor{Shape: []int{columns, rows}, Data: x}
}

var openCLIPLayer = strings.NewReplacer(
	".resblocks.", ".layers.", ".ln_1.", ".layer_norm1.", ".ln_2.", ".layer_norm2.", ".attn.out_proj.", ".self_attn.out_proj.",
	".mlp.c_fc.", ".mlp.fc1.", ".mlp.c_proj.", ".mlp.fc2.",
)

// openCLIPNames are OpenAI's and OpenCLIP's names and transformers', before layers are looked at.
var openCLIPNames = map[string]string{
	"visual.class_embedding": "vision_model.embeddings.class_embedding", "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
	"visual.conv1.weight":  "vision_model.embeddings.patch_embedding.weight",
	"visual.ln_pre.weight": "vision_model.pre_layrnorm.weight", "visual.ln_pre.bias": "vision_model.pre_layrnorm.bias",
	"visual.ln_post.weight": "vision_model.post_layernorm.weight", "visual.ln_post.bias": "vision_model.post_layernorm.bias",
	"visual.proj": "visual_projection.weight", "text_projection": "text_projection.weight",
	"token_embedding.weight": "text_model.embeddings.token_embedding.weight", "positional_embedding": "text_model.embeddings.position_embedding.weight",
	"ln_final.weight": "text_model.final_layer_norm.weight", "ln_final.bias": "text_model.final_layer_norm.bias",
	"logit_scale": "", // of training
}

// clipNames renames OpenAI's and OpenCLIP's weights as transformers does: queries, keys and values apart, projections [out,in].
func clipNames(f *weights.File) {
	if _, ok := f.Tensors["visual.conv1.weight"]; ok {
		rename(f, func(old string) string {
			if n, ok := openCLIPNames[old]; ok {
				return n
			}
			n, vision := strings.CutPrefix(old, "visual.transformer.resblocks.")
			n, text := strings.CutPrefix(n, "transformer.resblocks.")
			switch {
			case vision:
				return openCLIPLayer.Replace("vision_model.encoder.layers." + n)
			case text:
				return openCLIPLayer.Replace("text_model.encoder.layers." + n)
			}
			return old
		})
		for _, name := range []string{"visual_projection.weight", "text_projection.weight"} {
			if t, ok := f.Tensors[name]; ok && len(t.Shape) == 2 {
				f.Tensors[name] = transpose(t)
			}
		}
	}
	for name, t := range f.Tensors {
		layer, kind, ok := strings.Cut(name, ".attn.in_proj_")
		if !ok || len(t.Shape) == 0 || t.Shape[0]%3 != 0 {
			continue
		}
		delete(f.Tensors, name)
		for i, p := range split(t, 3) {
			f.Tensors[layer+".self_attn."+string("qkv"[i])+"_proj."+kind] = p
		}
	}
	delete(f.Tensors, "logit_scale")
}

var (
	dinoLayer = strings.NewReplacer(
		"encoder.layer.", "blocks.", ".attention.output.dense.", ".attn.proj.", ".layer_scale1.lambda1", ".ls1.gamma",
		".layer_scale2.lambda1", ".ls2.gamma", "embeddings.patch_embeddings.projection.", "patch_embed.proj.",
		"embeddings.cls_token", "cls_token", "embeddings.position_embeddings", "pos_embed",
	)
	dinoQuery = regexp.MustCompile(`^(blocks\.\d+)\.attention\.attention\.query\.(weight|bias)$`)
)

// dinoNames renames transformers' weights of DINOv2 as those of facebookresearch/dinov2, which timm shares.
func dinoNames(f *weights.File) {
	if _, ok := f.Tensors["embeddings.cls_token"]; ok {
		rename(f, func(old string) string {
			if n, ok := strings.CutPrefix(old, "layernorm."); ok {
				return "norm." + n
			}
			return dinoLayer.Replace(old)
		})
		for name := range f.Tensors {
			if m := dinoQuery.FindStringSubmatch(name); m != nil {
				join(f, m[1]+".attn.qkv."+m[2], func(part string) string { return m[1] + ".attention.attention." + part + "." + m[2] })
			}
		}
	}
	// Tokens of masked patches, which only training has.
	delete(f.Tensors, "mask_token")
	delete(f.Tensors, "embeddings.mask_token")
}
