// Package plot draws what the lab shows as pictures: sample grids, training curves, dot plots of cells with their intervals, and scatter
// plots. It takes numbers and texts, and knows no table, metric or training.
//
// [Grid] draws named rows of small pictures below captions, [Curves] metrics over steps, [Dots] one line per cell through panels of
// estimates, and [Scatter] points of the plane. Each writes itself by PNG.
package plot
