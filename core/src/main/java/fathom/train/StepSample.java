package fathom.train;

import java.util.List;

/**
 * What a network was like in a step.
 *
 * @param step the number of the step, from 1
 * @param loss the batch's mean loss before the update
 * @param rate the learning rate
 * @param layers all layers that have weights or an activation
 */
public record StepSample(long step, double loss, double rate, List<LayerSample> layers) {}
