using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Portal;

/// <summary>Reads the portal's certificate with its chain and its key.</summary>
public static class PortalCertificates
{
    /// <summary>Reads both; the first is the portal's own. The caller disposes them.</summary>
    /// <param name="files">The files.</param>
    /// <param name="now">The time of the day: a certificate that is over is shown to nobody.</param>
    /// <exception cref="StingException"><c>PortalCertificateUnusable</c>, <c>PortalKeyExposed</c></exception>
    public static X509Certificate2Collection Read(PortalCertificate files, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(files);
        RequirePrivate(files.KeyFile);
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPemFile(files.File);
            using var bare = all[0];
            all[0] = WithKey(files);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Unusable(files, e.Message, e);
        }
        return all[0].NotBefore <= now && now < all[0].NotAfter ? all
            : throw Unusable(files, $"it is good from {Display.Time(all[0].NotBefore)} to {Display.Time(all[0].NotAfter)}", null);
    }

    // On Windows a key from PEM is no key that TLS can use before it was stored.
    private static X509Certificate2 WithKey(PortalCertificate files)
    {
        var made = X509Certificate2.CreateFromPemFile(files.File, files.KeyFile);
        if (!OperatingSystem.IsWindows())
        {
            return made;
        }
        using (made)
        {
            return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        }
    }

    private static void RequirePrivate(string keyFile)
    {
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (!OperatingSystem.IsWindows() && File.Exists(keyFile) && (File.GetUnixFileMode(keyFile) & Others) != 0)
        {
            throw new StingException("PortalKeyExposed", FailureKind.Refused, $"The key '{keyFile}' can be read or written by other accounts: whoever has it can stand in for the portal.", keyFile,
                $"chmod 600 '{keyFile}', and renew the certificate where somebody may have read it.");
        }
    }

    private static StingException Unusable(PortalCertificate files, string why, Exception? cause) => new("PortalCertificateUnusable", FailureKind.InvalidConfiguration,
        $"The portal's certificate '{files.File}' cannot be used with the key '{files.KeyFile}': {why}", files.File, "Set portal.certificate and portal.certificate_key to PEM files of one pair that is good today.", cause);
}
