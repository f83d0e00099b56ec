using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Lifecycle.Certificates;
using StingBackup.Engine.Lifecycle;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Looks whether a certificate of destruction says what was signed. Needs the file alone.</summary>
[Cmdlet(VerbsDiagnostic.Test, "StingDestructionCertificate")]
[OutputType(typeof(CertificateCheck))]
public sealed class TestStingDestructionCertificateCommand : StingCmdlet
{
    /// <summary>The files.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, HelpMessage = "The certificate's file (.json)")]
    [Alias("Certificate", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Whom to trust.</summary>
    [Parameter(HelpMessage = "The key role's fingerprint; without it only the signature is checked, not whose it is")]
    [PSDefaultValue(Help = "None")]
    [ValidatePattern("^[0-9A-Fa-f]{64}$")]
    public string? KeyFingerprint { get; set; }

    /// <summary>Where the key role's earlier and later keys are told.</summary>
    [Parameter(HelpMessage = "A copy of reserve.pub, for certificates that an earlier key of the key role signed")]
    [PSDefaultValue(Help = "None")]
    [ValidateNotNullOrEmpty]
    public string? ReserveFile { get; set; }

    private protected override void Execute()
    {
        var reserve = ReserveFile is null ? null : ReadReserve(Resolve(ReserveFile));
        foreach (var path in Path)
        {
            var full = Resolve(path);
            try
            {
                WriteObject(CertificateReader.Check(full, File.ReadAllBytes(full), KeyFingerprint, reserve));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                WriteError(Errors.ToRecord(new StingException("CertificateUnreadable", FailureKind.Io, $"'{full}' cannot be read: {e.Message}", full, "Name the certificate's .json file.", e)));
            }
        }
    }

    private static CertificateReserve ReadReserve(string path)
    {
        try
        {
            return CertificateReserve.Read(path, File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("CertificateUnreadable", FailureKind.Io, $"'{path}' cannot be read: {e.Message}", path, "Name a copy of reserve.pub, from the key directory.", e);
        }
    }
}
