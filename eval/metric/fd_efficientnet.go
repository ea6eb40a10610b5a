package metric

// Names of Inception's metrics on the features of EfficientNet-Lite0: a distance of other features is no FID.
var (
	FDEfficientNetLite0 = register(FID.of(efficientNetLite0, "fd-efficientnet-lite0", "Fréchet distance of EfficientNet-Lite0's features"))

	_ = register(FIDInfinity.of(efficientNetLite0, "fd-inf-efficientnet-lite0", "the same extrapolated to infinitely many generated pictures"))
	_ = register(InceptionScore.of(efficientNetLite0, "is-efficientnet-lite0", "the Inception Score's formula on EfficientNet-Lite0's classes"))
)

const efficientNetLite0 = "efficientnet-lite0"

// of is the metric on another network's features, under another name.
func (m Metric) of(extractor, name, title string) Metric {
	m.Instead, m.Name, m.Title, m.Extractor = m.Name, name, title, extractor
	m.Outputs = []Output{{name, m.Outputs[0].Lower}}
	return m
}
