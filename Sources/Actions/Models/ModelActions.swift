public import Maintenance

/// What this domain brings to the catalogue.
public enum ModelActions {
    public static let all: [ActionDefinition] = [.check(ModelMetrics.self)]
}
