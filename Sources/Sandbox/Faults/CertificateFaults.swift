extension Fault {
    static let certificateFaults: [Fault] = [
        certificate("cert-expires-20-days", "the API's certificate ends in 20 days", breaks: false) {
            try await $0.intermediate.leaf(names: SteamTrapCertificates.names, validity: .days(20.5))
        },
        certificate("cert-expires-5-days", "the API's certificate ends in 5 days", breaks: false) {
            try await $0.intermediate.leaf(names: SteamTrapCertificates.names, validity: .days(5.5))
        },
        certificate("cert-intermediate-expires-5-days", "the intermediate certificate ends in 5 days", breaks: false) {
            let old = try await $0.root.intermediate(named: "Steam Trap Sandbox Old", validity: .days(5.5))
            return try await old.leaf(names: SteamTrapCertificates.names, validity: .days(75))
        },
        certificate("cert-expired", "the API's certificate ended 3 days ago") {
            try await $0.intermediate.leaf(names: SteamTrapCertificates.names, validity: .expired(daysAgo: 3))
        },
        certificate("cert-not-yet-valid", "the API's certificate begins in 3 days") {
            try await $0.intermediate.leaf(names: SteamTrapCertificates.names, validity: .notBefore(inDays: 3))
        },
        certificate("cert-wrong-name", "the API's certificate is for another name") {
            try await $0.intermediate.leaf(names: ["www.steamtrap.test"], validity: .days(75))
        },
        certificate("cert-name-only-in-subject", "the name stands only in the subject, not among the alternative names")
        {
            try await $0.intermediate.leaf(names: ["other.test"], validity: .days(75), commonName: "localhost")
        },
        certificate("cert-missing-intermediate", "the intermediate certificate is not sent") {
            let healthy = $0.healthy
            return IssuedCertificate(
                certificatePath: healthy.certificatePath, keyPath: healthy.keyPath,
                chainPath: healthy.certificatePath)
        },
        certificate("cert-self-signed", "the API's certificate signed itself") { _ in
            try await CertificateAuthority.selfSigned(names: SteamTrapCertificates.names)
        },
        certificate("cert-foreign-root", "the API's certificate comes from an authority that is not trusted") { _ in
            try await CertificateAuthority.makeRoot(named: "Somebody Else").intermediate()
                .leaf(names: SteamTrapCertificates.names)
        },
    ]

    private static func certificate(
        _ name: String, _ summary: String, breaks: Bool = true,
        _ make: @escaping @Sendable (SteamTrapCertificates) async throws -> IssuedCertificate
    ) -> Fault {
        // A certificate that no client accepts hides what the API says.
        Fault(name, summary, seenBy: "tls.certificate", at: (breaks ? Place.api : []).union([.certificate])) {
            try await $0.front.replace(certificate: make($0.certificates))
            $0.proxies.api.dropConnections()
        } heal: {
            try await $0.front.replace(certificate: $0.certificates.healthy)
            $0.proxies.api.dropConnections()
        }
    }
}
