// Package preference turns votes on pairs of methods into ratings: whose pictures people prefer.
// It knows no picture and no voter by name: methods are numbers from 0, and so are the clusters of votes that belong together.
//
//	Elo, EloOverOrders    ratings that move with every vote                Elo 1978; ADD, with R₀ = 1000 and K = 1
//	BradleyTerry          the abilities of greatest likelihood             Bradley & Terry 1952; Hunter 2004
//	Wins.Groups           which methods the votes put on a common scale    Ford 1957; Hunter 2004, assumption 1
//	Fit                   Bradley–Terry on Elo's scale, with intervals     cluster bootstrap
//	Shares                how often one of two methods is preferred        Wilson, cluster bootstrap
//
// Smallest use:
//
//	fit, err := preference.NewFit(3, [][]preference.Vote{looks, captions}, 0.95, 2000, r)
//
// Elo with K = 1 depends on the order of the votes and moves further with more of them: it compares methods within a study only.
// Bradley–Terry does neither, but has no finite solution for a method that won, or lost, all its votes. Such a method is left out and
// not rated; nothing is added to the votes to make it finite.
package preference
