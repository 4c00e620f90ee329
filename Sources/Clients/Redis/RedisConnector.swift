import Host
import Maintenance
import NIOCore
import NIOPosix
import NIOSSL

/// Opens connections to one server as one user, and signs in.
struct RedisConnector: Sendable {
    let address: RedisAddress
    /// What may be said of it, with the user of this connector.
    var identity: String { address.identity }
    /// A PEM file of authorities to trust in the place of the system's.
    let authorityFile: String?
    let host: Host

    /// The same user at another node of the cluster.
    func to(_ node: RedisNode?) -> RedisConnector {
        guard let node else { return self }
        var address = address
        address.host = node.host
        address.port = node.port
        return RedisConnector(address: address, authorityFile: authorityFile, host: host)
    }

    /// Ends by itself after `RedisLimits.connectSeconds`: nobody needs to wait for it.
    func connect() -> EventLoopFuture<RedisConnection> {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let limit = TimeAmount.seconds(Int64(RedisLimits.connectSeconds))
        let address = address
        return tlsContext(on: loop).flatMap { context in
            ClientBootstrap(group: loop)
                .connectTimeout(limit)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if let context {
                            let name = address.isLiteralAddress ? nil : address.host
                            try channel.pipeline.syncOperations.addHandler(
                                try NIOSSLClientHandler(context: context, serverHostname: name))
                        }
                        try channel.pipeline.syncOperations.addHandler(RedisChannelHandler())
                    }
                }
                .connect(host: address.host, port: address.port)
        }.flatMap { channel in
            let late = loop.scheduleTask(in: limit) { channel.close(promise: nil) }
            return signIn(over: channel)
                .map { RedisConnection(channel: channel, facts: $0) }
                .flatMapErrorThrowing { error in
                    channel.close(promise: nil)
                    throw error
                }
                .always { _ in late.cancel() }
        }.flatMapErrorThrowing { throw RedisFailure($0) }
    }

    /// Reading certificates blocks, so it is done on NIO's own threads.
    private func tlsContext(on loop: any EventLoop) -> EventLoopFuture<NIOSSLContext?> {
        guard address.isTLS else { return loop.makeSucceededFuture(nil) }
        let (host, file) = (host, authorityFile)
        return NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv12
            if let file {
                configuration.trustRoots = .certificates(try Self.authorities(file, host))
            }
            return try NIOSSLContext(configuration: configuration)
        }
    }

    private static func authorities(_ file: String, _ host: Host) throws -> [NIOSSLCertificate] {
        let bytes: [UInt8]
        do {
            bytes = try host.readFile(file, RedisLimits.authorityFileBytes)
        } catch {
            throw RedisFailure.authorityFile("it cannot be read")
        }
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty else {
            throw RedisFailure.authorityFile("it holds no certificate")
        }
        return certificates
    }
}

/// Signing in: with version 3 of the protocol where the server has it.
extension RedisConnector {
    /// SELECT is sent for database 0 too, so that the rights that are needed do not depend on the number.
    private var select: RedisCommand { RedisCommand("SELECT", String(address.database)) }

    private func signIn(over channel: any Channel) -> EventLoopFuture<RedisServerFacts> {
        hello(3, over: channel).flatMap { replies in
            guard case .error(let error) = replies[0] else { return facts(replies, channel) }
            switch error.code {
            case "NOPROTO":
                return hello(2, over: channel).flatMap { facts($0, channel) }
            // The server knows no HELLO, or has it only for some (version 6.0): as it was before.
            case "NOPERM":
                return legacy(over: channel)
            case "ERR" where error.message.lowercased().contains("unknown command"):
                return legacy(over: channel)
            default:
                return facts(replies, channel)
            }
        }
    }

    private func hello(_ version: Int, over channel: any Channel) -> EventLoopFuture<[RedisValue]> {
        var words = ["HELLO", String(version)]
        if let password = address.password { words += ["AUTH", address.user ?? "default", password.reveal()] }
        words += ["SETNAME", "millwright"]
        return RedisConnection.send([RedisCommand(words: words.map { Array($0.utf8) }), select], over: channel)
    }

    private func facts(_ replies: [RedisValue], _ channel: any Channel) -> EventLoopFuture<RedisServerFacts> {
        channel.eventLoop.makeCompletedFuture {
            if case .error(let error) = replies[0] { throw RedisFailure.answered(error, command: "HELLO") }
            if case .error(let error) = replies[1] { throw RedisFailure.answered(error, command: "SELECT") }
            guard case .list = replies[0] else { throw RedisFailure.malformed("a greeting that is none") }
            return RedisServerFacts(hello: replies[0])
        }
    }

    private func legacy(over channel: any Channel) -> EventLoopFuture<RedisServerFacts> {
        var commands: [RedisCommand] = []
        if let password = address.password {
            let words = ["AUTH"] + (address.user.map { [$0] } ?? []) + [password.reveal()]
            commands.append(RedisCommand(words: words.map { Array($0.utf8) }))
        }
        // A name helps whoever lists the clients; a server that does not let us set it is served all the same.
        commands += [RedisCommand("CLIENT", "SETNAME", "millwright"), select, RedisCommand("INFO")]
        let names = commands.map(\.name)
        return RedisConnection.send(commands, over: channel).flatMapThrowing { replies in
            for (name, reply) in zip(names, replies) where name == "AUTH" || name == "SELECT" {
                if case .error(let error) = reply { throw RedisFailure.answered(error, command: name) }
            }
            return RedisServerFacts(info: replies[replies.count - 1])
        }
    }
}
