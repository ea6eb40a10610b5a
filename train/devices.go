package train

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/dtensor"

	"github.com/addlab/addlab/engine"
)

// batchAxis is the mesh's axis along which inputs are split.
const batchAxis = "batch"

// Devices are so many of a backend, nil for one: all programs over a store must share the same.
func Devices(backend compute.Backend, devices int) (*distributed.DeviceMesh, error) {
	if devices < 1 || devices > int(backend.NumDevices()) {
		return nil, fmt.Errorf("train: devices = %d, want 1 to %d, what %s has", devices, backend.NumDevices(), backend.Name())
	}
	if devices == 1 {
		return nil, nil
	}
	mesh, err := distributed.NewDeviceMesh([]int{devices}, []string{batchAxis})
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return mesh, nil
}

// Over spreads the program over devices of its backend: each has all variables and its share of every input whose first axis they
// divide. XLA's partitioner (Shardy) keeps what the graph says, so that means, batch statistics and gradients are those of one device to
// rounding. It must be called before the first Call.
func (p *Program) Over(devices *distributed.DeviceMesh) {
	if p.mesh = devices; devices != nil {
		p.exec.AutoSharding(devices)
	}
}

// spread gives every device its share of the inputs, those of the first device first, and frees the inputs.
func (p *Program) spread(inputs []*tensors.Tensor) ([]*tensors.Tensor, error) {
	if p.mesh == nil {
		return inputs, nil
	}
	devices := p.mesh.NumDevices()
	shares := make([]*tensors.Tensor, devices*len(inputs))
	specs := make([]*distributed.ShardingSpec, len(inputs))
	for i, x := range inputs {
		specs[i] = distributed.NewReplicatedShardingSpec(p.mesh)
		if x.Rank() > 0 && x.Shape().Dim(0)%devices == 0 {
			axes := make([]distributed.AxisSpec, x.Rank())
			axes[0] = distributed.AxisSpec{batchAxis}
			spec, err := distributed.NewShardingSpec(p.mesh, axes...)
			if err != nil {
				return nil, fmt.Errorf("train: %w", err)
			}
			specs[i] = spec
		}
		sharded, err := dtensor.ShardTensor(specs[i], x)
		if err != nil {
			return nil, fmt.Errorf("train: input %s: %w", p.inputs[i], err)
		}
		for d, shard := range sharded.Shards() {
			shares[d*len(inputs)+i] = shard
		}
	}
	p.exec.WithInputShardingSpecs(specs...)
	engine.Release(inputs...)
	return shares, nil
}
