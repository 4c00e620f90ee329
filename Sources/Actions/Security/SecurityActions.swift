public import Maintenance

/// What this domain brings to the catalogue.
public enum SecurityActions {
    public static let all: [ActionDefinition] = [.check(ScanReport.self), .check(OutdatedDependencies.self)]
}
