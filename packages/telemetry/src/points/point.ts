export type {
  CounterPoint,
  Exemplar,
  GaugePoint,
  HistogramPoint,
  Point,
  PointBase,
  PointFilter,
  PointSource,
  Scope,
  Temporality,
  UpDownCounterPoint,
} from "@elpis/api";
