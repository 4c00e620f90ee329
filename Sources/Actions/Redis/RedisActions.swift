public import Maintenance

/// The actions on Redis.
public enum RedisActions {
    public static let all: [ActionDefinition] = [
        .check(Connectivity.self), .check(MemoryUse.self), .check(HitRate.self), .check(Evictions.self),
        .check(SlowLog.self), .check(Persistence.self), .check(ReplicationState.self), .check(ClientCount.self),
        .check(Keyspace.self),
        .change(DeletePattern.self), .change(SetTTL.self), .change(Save.self), .change(PurgeMemory.self),
        .change(Flush.self), .change(Configure.self), .change(WarmCache.self),
    ]
}
