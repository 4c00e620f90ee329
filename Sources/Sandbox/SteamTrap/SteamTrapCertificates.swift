import Foundation

/// The authorities of the sandbox: a root that plans trust, and an intermediate that signs the API's certificate.
public struct SteamTrapCertificates: Sendable {
    public static let names = ["api.steamtrap.test", "localhost", "127.0.0.1"]

    public let root: CertificateAuthority
    public let intermediate: CertificateAuthority
    public let healthy: IssuedCertificate

    public var rootPath: String { root.rootPath }

    static func make() async throws -> SteamTrapCertificates {
        let root = try await CertificateAuthority.makeRoot(named: "Steam Trap Sandbox Root")
        let intermediate = try await root.intermediate(named: "Steam Trap Sandbox Issuing")
        return SteamTrapCertificates(
            root: root, intermediate: intermediate,
            healthy: try await intermediate.leaf(names: names, validity: .days(75)))
    }
}
