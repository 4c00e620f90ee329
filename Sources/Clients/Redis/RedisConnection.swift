import NIOCore

/// One connection that is signed in.
final class RedisConnection: Sendable {
    let facts: RedisServerFacts
    private let channel: any Channel

    init(channel: any Channel, facts: RedisServerFacts) {
        self.channel = channel
        self.facts = facts
    }

    var isOpen: Bool { channel.isActive }
    var eventLoop: any EventLoop { channel.eventLoop }

    func send(_ commands: [RedisCommand]) -> EventLoopFuture<[RedisValue]> { Self.send(commands, over: channel) }

    /// Ends it at once; what waits for a reply fails as lost.
    func close() { channel.close(promise: nil) }

    static func send(_ commands: [RedisCommand], over channel: any Channel) -> EventLoopFuture<[RedisValue]> {
        let promise = channel.eventLoop.makePromise(of: [RedisValue].self)
        guard !commands.isEmpty else {
            promise.succeed([])
            return promise.futureResult
        }
        var bytes: [UInt8] = []
        for command in commands { command.encode(into: &bytes) }
        let request = RedisRequest(bytes: bytes, replies: commands.count, promise: promise)
        channel.writeAndFlush(request).whenFailure { promise.fail(RedisFailure($0)) }
        return promise.futureResult
    }
}
