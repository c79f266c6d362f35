"""Uncertainty: distributions, dependence between inputs, and the points that they are drawn at.

A draw starts as a point of the unit cube (`point_sets`), one coordinate for each input. Dependent
inputs are mixed as normal scores (`dependence`); each input's value is then the inverse
distribution function of its coordinate (`distributions`).
"""
