public import Maintenance

/// The actions on logs.
public enum LogsActions {
    public static let all: [ActionDefinition] = [
        .change(LogsArchive.self)
    ]
}
