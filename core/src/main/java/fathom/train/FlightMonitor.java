package fathom.train;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Emits samples as events of the Flight Recorder. */
final class FlightMonitor implements Monitor {
  private final EventType steps = EventType.getEventType(StepEvent.class);
  private final EventType layers = EventType.getEventType(LayerEvent.class);

  @Override
  public boolean isWatching() {
    return steps.isEnabled() || layers.isEnabled();
  }

  @Override
  public void sample(StepSample sample) {
    StepEvent step = new StepEvent();
    step.step = sample.step();
    step.loss = sample.loss();
    step.rate = sample.rate();
    step.commit();
    for (LayerSample layer : sample.layers()) {
      LayerEvent event = new LayerEvent();
      event.step = sample.step();
      event.fill(layer);
      event.commit();
    }
  }

  @Name("fathom.Step")
  @Label("Training Step")
  @Description("A sampled step of a training")
  @Category("Fathom")
  @StackTrace(false)
  static final class StepEvent extends Event {
    @Label("Step")
    long step;

    @Label("Loss")
    double loss;

    @Label("Learning Rate")
    double rate;
  }

  @Name("fathom.Layer")
  @Label("Layer")
  @Description("A layer in a sampled step of a training")
  @Category("Fathom")
  @StackTrace(false)
  static final class LayerEvent extends Event {
    @Label("Step")
    long step;

    @Label("Layer")
    int layer;

    @Label("Description")
    String description;

    @Label("Output Mean")
    double outputMean;

    @Label("Output Variance")
    double outputVariance;

    @Label("Saturated Share")
    double saturated;

    @Label("Dead Share")
    double dead;

    @Label("Gradient Norm")
    double gradientNorm;

    @Label("Gradient Variance")
    double gradientVariance;

    @Label("Update Ratio")
    @Description("The update's norm divided by that of the weights")
    double updateRatio;

    void fill(LayerSample sample) {
      layer = sample.layer();
      description = sample.description();
      outputMean = sample.output() == null ? Double.NaN : sample.output().mean();
      outputVariance = sample.output() == null ? Double.NaN : sample.output().variance();
      saturated = sample.saturated();
      dead = sample.dead();
      gradientNorm = sample.gradient() == null ? Double.NaN : sample.gradient().norm();
      gradientVariance = sample.gradient() == null ? Double.NaN : sample.gradient().variance();
      updateRatio = sample.updateRatio();
    }
  }
}
