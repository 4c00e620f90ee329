import ClientHTTP
public import Maintenance

/// What this domain brings to the catalogue.
public enum HTTPActions {
    public static let all: [ActionDefinition] = [.check(HTTPHealth.self), .check(HTTPJSON.self)]
    public static let kinds: [TargetKindDefinition] = [TargetKindDefinition(HTTPKind.self)]
}
