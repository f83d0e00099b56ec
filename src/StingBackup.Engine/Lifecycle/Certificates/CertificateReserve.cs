using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Lifecycle.Certificates;

/// <summary>A copy of a reserve's public half, for whoever checks what an earlier key of its key role signed.</summary>
public sealed class CertificateReserve
{
    private CertificateReserve(KeyRoleChain chain) => Chain = chain;

    internal KeyRoleChain Chain { get; }

    /// <summary>Reads one; its signatures are checked.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <exception cref="StingException"><c>KeyFileDamaged</c></exception>
    public static CertificateReserve Read(string path, byte[] bytes) => new(PublicHalf.Read(bytes, path).Chain);
}
