import Host
import Maintenance

/// Tries again what a lost connection, or a server that is on its way up, kept from being answered.
func insisting<Value: Sendable>(
    in context: Context, _ body: () async throws -> Value
) async throws -> Value {
    var tries = 0
    while true {
        do {
            return try await body()
        } catch let error as CouldNotLook
            where [.connectionLost, .refused, .busy].contains(error.cause.code) && tries < RedisActionLimits.reconnects
        {
            tries += 1
            try await context.host.sleep(RedisActionLimits.reconnectPause)
        }
    }
}
