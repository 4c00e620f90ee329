public import Maintenance

/// The actions on certificates.
public enum CertificateActions {
    public static let all: [ActionDefinition] = [.check(CertificateCheck.self)]
}
