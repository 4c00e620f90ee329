public import Maintenance

/// The actions on backups.
public enum BackupActions {
    public static let all: [ActionDefinition] = [.check(BackupAge.self)]
}
