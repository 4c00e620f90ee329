/// The bounds of the TLS client, each with what it protects.
public enum TLSLimits {
    /// Certificates of a served chain that are looked at: paths through them multiply.
    public static let servedCertificates = 16
    /// Bytes of one certificate.
    public static let certificateBytes = 64 * 1024
    /// Bytes of a file of authorities; the systems' have about 250 KB.
    public static let authorityFileBytes = 16 * 1024 * 1024
    /// Names of a certificate that are kept.
    public static let names = 500
    /// Characters of a name that are shown.
    public static let shownName = 200
    /// Links from a certificate to its issuer that are followed.
    public static let chainLength = 12
}
