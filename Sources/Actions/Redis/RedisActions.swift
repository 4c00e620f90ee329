public import Maintenance

/// The actions on Redis.
public enum RedisActions {
    public static let all: [ActionDefinition] = [.change(DeletePattern.self)]
}
