import Host
import Maintenance
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A second look at a certificate that was refused. The TLS library says no more than "verification failed"; why, is
/// read from the certificates that the server sends. Nothing is sent over this connection.
struct RefusedCertificate {
    let transport: HTTPTransport

    func reason() async -> String {
        let chain = await served()
        let now = transport.host.now().secondsSinceEpoch
        for (index, certificate) in chain.enumerated() {
            let name = index == 0 ? "its certificate" : "certificate \(index + 1) of its chain"
            if Int64(certificate.notValidAfter) < now {
                return "\(name) expired \(Instant(secondsSinceEpoch: Int64(certificate.notValidAfter)))."
            }
            if Int64(certificate.notValidBefore) > now {
                return "\(name) is not valid before \(Instant(secondsSinceEpoch: Int64(certificate.notValidBefore)))."
            }
        }
        let alone = chain.count == 1 ? " It sends no intermediate certificate." : ""
        return "its certificate is of an unknown authority; name a private authority's file as `ca`.\(alone)"
    }

    /// The chain as it comes, leaf first; empty where it cannot be had again.
    private func served() async -> [NIOSSLCertificate] {
        let seen = Seen()
        do {
            let context = try NIOSSLContext(configuration: TLSConfiguration.makeClientConfiguration())
            let endpoint = transport.endpoint
            let name = endpoint.expectedName
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(TimeAmount(HTTPLimits.diagnosis))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handler = try NIOSSLClientHandler(
                            context: context, serverHostname: name,
                            customVerificationCallback: { certificates, verdict in
                                seen.chain.withLock { $0 = certificates }
                                verdict.succeed(.failed)
                            })
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                }
                .connect(host: endpoint.host, port: endpoint.port).get()
            let limit = channel.eventLoop.scheduleTask(in: TimeAmount(HTTPLimits.diagnosis)) {
                channel.close(promise: nil)
            }
            try await withTaskCancellationHandler {
                try await channel.closeFuture.get()
            } onCancel: {
                channel.close(promise: nil)
            }
            limit.cancel()
        } catch {
            // What was seen before the failure is all there is to see.
        }
        return seen.chain.withLock { $0 }
    }

    private final class Seen: Sendable {
        let chain = Mutex<[NIOSSLCertificate]>([])
    }
}
