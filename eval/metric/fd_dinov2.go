package metric

// FDDINOv2 is the Fréchet distance of DINOv2's features, which agrees better with human judgement than Inception's.
var FDDINOv2 = register(Metric{
	Name: "fd-dinov2", Title: "Fréchet distance of DINOv2 features", Source: "Stein et al. 2023",
	Outputs: []Output{{"fd-dinov2", true}}, Extractor: "dinov2-l", Family: "dinov2-", Needs: Needs{Reference: true, RefStatistics: true, GenStatistics: true},
	Params: []Param{frechetBlocks},
	Usual:  50000, Least: 2, Few: 10000, Bias: frechetBias,
	compute: frechet,
})
