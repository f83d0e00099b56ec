using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations;

/// <summary>Enrols hosts that only write, and revokes them: a plan for each step, and its execution.</summary>
public static class HostRegistry
{
    /// <summary>The longest package that is read: a quarter of a million spares.</summary>
    private const int MaxFile = 64 * 1024 * 1024;

    /// <summary>On the new host: what asking for enrolment would do. Changes nothing.</summary>
    /// <exception cref="StingException"><c>KeysExist</c>, <c>HostNameInvalid</c>, <c>OutputExists</c></exception>
    public static HostRegistrationPlan PlanRequest(StingConfiguration configuration, string hostName, string requestFile, TimeProvider clock)
    {
        Access.Require(configuration, "Register-StingHost");
        var request = ReserveKeys.FindRequest(EnvironmentOf(clock), Installation.KeyOptionsOf(configuration), hostName);
        CheckAbsent(requestFile);
        return new HostRegistrationPlan
        {
            Step = HostStep.Request, HostName = hostName, WriterId = request?.WriterId.ToString(), Fingerprint = request?.Fingerprint, OutputFile = requestFile,
        };
    }

    /// <summary>Makes the host's keys and its request.</summary>
    public static HostRegistrationResult Request(StingConfiguration configuration, HostRegistrationPlan plan, TimeProvider clock)
    {
        Access.Require(configuration, "Register-StingHost");
        ArgumentNullException.ThrowIfNull(plan);
        var bytes = ReserveKeys.MakeRequest(EnvironmentOf(clock), Installation.KeyOptionsOf(configuration), plan.HostName);
        WriteFile(plan.OutputFile!, bytes, clock);
        var request = HostRequest.Read(bytes, plan.OutputFile!);
        return new HostRegistrationResult
        {
            Step = plan.Step, HostName = plan.HostName, WriterId = request.WriterId.ToString(), Fingerprint = request.Fingerprint, OutputFile = plan.OutputFile,
            Next = "Take the file to the key role's machine, run Register-StingHost -Request with it there, and compare the fingerprint. The file holds no secret.",
        };
    }

    /// <summary>On the key role's machine: what enrolling the host of a request would do. Changes nothing.</summary>
    /// <exception cref="StingException"><c>HostRequestRefused</c>, <c>KeyFileDamaged</c>, <c>OutputExists</c>, <c>KeyDirectoryMissing</c></exception>
    public static HostRegistrationPlan PlanEnrol(Installation installation, string requestFile, string packageFile, int spares)
    {
        Access.Require(installation, "Register-StingHost");
        ArgumentNullException.ThrowIfNull(installation);
        var request = HostRequest.Read(ReadFile(requestFile), requestFile);
        CheckRole(installation);
        CheckAbsent(packageFile);
        if (installation.Writers.Find(request.WriterId) is { } present)
        {
            CheckSame(present, request, requestFile);
        }
        else if (installation.Writers.All.FirstOrDefault(w => w.HostName == request.HostName && w.LastGoodSequence is null) is { } namesake)
        {
            throw new StingException("HostRequestRefused", FailureKind.Refused, $"A host named '{request.HostName}' is enrolled already (writer {namesake.Id}), with other keys.", requestFile,
                "Revoke the old one with Unregister-StingHost if it is lost, or make the request under another name.");
        }
        return new HostRegistrationPlan
        {
            Step = HostStep.Enrol, HostName = request.HostName, WriterId = request.WriterId.ToString(), Fingerprint = request.Fingerprint, InputFile = requestFile,
            OutputFile = packageFile, Spares = spares, Repository = installation.Store.Location,
        };
    }

    /// <summary>What making further spares for an enrolled host would do. Changes nothing.</summary>
    /// <exception cref="StingException"><c>HostNotFound</c>, <c>HostRevoked</c>, <c>OutputExists</c>, <c>KeyDirectoryMissing</c></exception>
    public static HostRegistrationPlan PlanTopUp(Installation installation, string host, string packageFile, int spares)
    {
        Access.Require(installation, "Register-StingHost");
        ArgumentNullException.ThrowIfNull(installation);
        CheckRole(installation);
        CheckAbsent(packageFile);
        var writer = FindHost(installation, host);
        if (writer.LastGoodSequence is { } last)
        {
            throw new StingException("HostRevoked", FailureKind.Refused, $"Host '{writer.HostName}' (writer {writer.Id}) was revoked; its points up to {last} count.", writer.HostName, "Enrol it anew, under a new writer id.");
        }
        return new HostRegistrationPlan
        {
            Step = HostStep.TopUp, HostName = writer.HostName, WriterId = writer.Id.ToString(), Fingerprint = Fingerprint.Of(writer.SigningKey), OutputFile = packageFile, Spares = spares,
            Repository = installation.Store.Location,
        };
    }

    /// <summary>Enrols or tops up, as planned: mints the spares, signs and publishes the enrolment, makes older claims readable for the host, and writes its package.</summary>
    public static async ValueTask<HostRegistrationResult> IssueAsync(Installation installation, HostRegistrationPlan plan, CancellationToken cancel)
    {
        Access.Require(installation, "Register-StingHost");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        var keys = installation.Keys!;
        var reader = await KeyRoleAsync(installation, cancel).ConfigureAwait(false);
        EnrolledWriter host;
        var isNew = false;
        if (plan.Step == HostStep.Enrol)
        {
            var request = HostRequest.Read(ReadFile(plan.InputFile!), plan.InputFile!);
            if (request.Fingerprint != plan.Fingerprint || request.WriterId.ToString() != plan.WriterId)
            {
                throw new StingException("HostRequestRefused", FailureKind.Refused, $"'{plan.InputFile}' changed since it was shown.", plan.InputFile, "Look at it again, and compare its fingerprint.");
            }
            host = request.ToWriter();
            isNew = installation.Writers.Find(host.Id) is null;
        }
        else
        {
            host = FindHost(installation, plan.WriterId!);
        }
        var package = await keys.EnrollAsync(reader, host, isNew, plan.Spares, cancel).ConfigureAwait(false);
        await keys.PublishAsync(installation.Store, cancel).ConfigureAwait(false);
        using var writers = await keys.LoadWritersAsync(installation.Store, cancel).ConfigureAwait(false);
        var (claims, faults) = await keys.ResealClaimsAsync(installation.Store, reader, writers, cancel).ConfigureAwait(false);
        WriteFile(plan.OutputFile!, package, installation.Clock);
        await AuditLog.NoteAsync(installation, "Register-StingHost", [host.Id], plan.Step.ToString(), cancel).ConfigureAwait(false);
        return new HostRegistrationResult
        {
            Step = plan.Step, HostName = host.HostName, WriterId = host.Id.ToString(), Fingerprint = Fingerprint.Of(host.SigningKey), OutputFile = plan.OutputFile, Spares = plan.Spares, Claims = claims.Count,
            Next = faults.Count == 0 ? $"Take the file to {host.HostName} and run Register-StingHost -Package with it there. Only that host can open it."
                : $"{faults.Count} claims could not be made readable for the host: run Repair-StingRepository. Then take the file to {host.HostName} and run Register-StingHost -Package with it there.",
        };
    }

    /// <summary>On the host: what taking a package in would do. Changes nothing.</summary>
    /// <exception cref="StingException"><c>KeyRoleNotPinned</c>, <c>KeyRoleMismatch</c>, <c>HostRequestMissing</c>, <c>HostPackageForeign</c>, <c>KeyFileDamaged</c></exception>
    public static HostRegistrationPlan PlanJoin(StingConfiguration configuration, string packageFile, TimeProvider clock)
    {
        Access.Require(configuration, "Register-StingHost");
        ArgumentNullException.ThrowIfNull(configuration);
        var (environment, options) = (EnvironmentOf(clock), Installation.KeyOptionsOf(configuration));
        var package = HostPackage.Read(ReadFile(packageFile), packageFile);
        ReserveKeys.CheckPackage(environment, options, configuration.Repository.KeyFingerprint, package, packageFile);
        return new HostRegistrationPlan
        {
            Step = HostStep.Join, HostName = Environment.MachineName, WriterId = package.WriterId.ToString(), Fingerprint = Fingerprint.Of(package.KeyRolePublicKey), InputFile = packageFile, Spares = package.Spares,
        };
    }

    /// <summary>Takes the package in.</summary>
    public static async ValueTask<HostRegistrationResult> JoinAsync(StingConfiguration configuration, HostRegistrationPlan plan, TimeProvider clock, CancellationToken cancel)
    {
        Access.Require(configuration, "Register-StingHost");
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(plan);
        var package = HostPackage.Read(ReadFile(plan.InputFile!), plan.InputFile!);
        var added = await ReserveKeys.JoinAsync(
            EnvironmentOf(clock), Installation.KeyOptionsOf(configuration), configuration.Repository.KeyFingerprint, package, plan.InputFile!, cancel).ConfigureAwait(false);
        return new HostRegistrationResult
        {
            Step = plan.Step, HostName = plan.HostName, WriterId = package.WriterId.ToString(), Fingerprint = Fingerprint.Of(package.KeyRolePublicKey), Spares = added,
            Next = "Run Invoke-StingBackup. This host writes, and cannot read what it wrote.",
        };
    }

    internal static EnrolledWriter FindHost(Installation installation, string host)
    {
        var byName = installation.Writers.All.Where(w => w.HostName == host).ToList();
        var active = byName.Where(w => w.LastGoodSequence is null).ToList();
        return (Id16.TryParse(host, out var id) ? installation.Writers.Find(id) : active.Count == 1 ? active[0] : byName.Count == 1 ? byName[0] : null)
            ?? throw new StingException("HostNotFound", FailureKind.NotFound, byName.Count > 1 ? $"{byName.Count} hosts are named '{host}'." : $"No enrolled host is named '{host}'.", host,
                $"Enrolled are: {string.Join(", ", installation.Writers.All.Select(w => $"{w.HostName} ({w.Id})"))}. Name one by its writer id.");
    }

    /// <summary>The key role, unlocked; its right is missing on a host that only writes.</summary>
    internal static async ValueTask<SubjectReader> KeyRoleAsync(Installation installation, CancellationToken cancel)
    {
        CheckRole(installation);
        return (SubjectReader)await installation.UnlockAsync(cancel).ConfigureAwait(false);
    }

    internal static void CheckRole(Installation installation)
    {
        _ = installation.Keys!.NeedsPassphrase;   // says that the key directory is not here, before anybody is asked for anything
        _ = installation.Writer;                  // claims are made anew in this host's name
    }

    private static void CheckSame(EnrolledWriter present, HostRequest request, string requestFile)
    {
        if (present.LastGoodSequence is not null)
        {
            throw new StingException("HostRequestRefused", FailureKind.Refused, $"Writer {present.Id} ('{present.HostName}') was revoked, and its keys may be in other hands.", requestFile,
                "On the host, move its key folder away, and make a new request with Register-StingHost -New.");
        }
        if (!present.SigningKey.AsSpan().SequenceEqual(request.SigningKey) || !present.EncryptionKey.AsSpan().SequenceEqual(request.EncryptionKey))
        {
            throw new StingException("HostRequestRefused", FailureKind.Refused, $"Writer {present.Id} is enrolled as '{present.HostName}', with other keys than the request's.", requestFile,
                "Do not enrol it: ask where the file comes from.");
        }
    }

    private static KeyEnvironment EnvironmentOf(TimeProvider clock) => new(clock, RandomNumberGenerator.Create(), new DiskKeyFiles(clock));

    private static void CheckAbsent(string path)
    {
        if (File.Exists(path))
        {
            throw Exists(path);
        }
    }

    private static byte[] ReadFile(string path)
    {
        try
        {
            return new FileInfo(path).Length <= MaxFile ? File.ReadAllBytes(path) : throw KeyFrame.Damaged(path, "it is too long");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("KeyFileUnavailable", FailureKind.Io, $"'{path}' cannot be read: {e.Message}", path, "Check the path.", e);
        }
    }

    private static void WriteFile(string path, byte[] bytes, TimeProvider clock)
    {
        if (!new DiskKeyFiles(clock).Create(path, bytes))
        {
            throw Exists(path);
        }
    }

    private static StingException Exists(string path) =>
        new("OutputExists", FailureKind.AlreadyExists, $"'{path}' exists already.", path, "Name another file, or move this one away.");
}
