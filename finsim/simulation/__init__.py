"""From a scenario to positions: plan, inputs, evaluate, solve once and hold, replicates."""
