package dataset

// FreeScenes is the harder of the built-in worlds: the captions, colours and shapes of DefaultScenes, but objects stand anywhere that
// keeps them whole and apart. A caption no longer fixes the picture, so that its mean, which is all that one step of a regression can
// give, is a smear.
func FreeScenes() ScenesConfig {
	cfg := DefaultScenes()
	cfg.Jitter = 1
	return cfg
}

func init() {
	register("scenes-free", func(size int) (Dataset, error) {
		cfg := FreeScenes()
		cfg.Size = size
		s, err := NewScenes(cfg)
		if err != nil {
			return nil, err
		}
		s.name = "scenes-free"
		return s, nil
	})
}
