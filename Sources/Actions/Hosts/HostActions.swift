import ClientPrograms
public import Maintenance

/// What this domain brings to the catalogue.
public enum HostActions {
    public static let all: [ActionDefinition] = [.check(DiskUsage.self), .change(RunProgram.self)]
    public static let kinds: [TargetKindDefinition] = [TargetKindDefinition(HostKind.self)]
}
