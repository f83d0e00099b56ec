using System.Globalization;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.Lifecycle;

/// <summary>Which keys are to be renewed.</summary>
/// <param name="Kind">What they are for.</param>
/// <param name="Scope">A person or a jar; null for all subjects, and for other kinds.</param>
/// <param name="Subject">Whose: as for a restore; null for all.</param>
public sealed record KeyRotationRequest(KeyRotationKind Kind, RestoreScope? Scope = null, string? Subject = null)
{
    /// <summary>With subjects: a new writer secret too, so that what they have gets other ids and cut points, and is read and stored again.</summary>
    public bool NewWriterSecret { get; init; }
}

/// <summary>Renewal of keys: planned, then carried out. No pack is touched, and every restore point that could be read can be read after it.</summary>
public static class KeyRotationJob
{
    private const string Verb = "Update-StingKey";

    /// <summary>What renewing would do. Changes nothing; asks for the passphrase only where a name must be found.</summary>
    /// <exception cref="StingException"><c>KeyDirectoryMissing</c>, <c>RotationUnfit</c>, <c>UserNotFound</c>, <c>JarNotFound</c>, <c>SubjectErased</c>, <c>NothingToRotate</c>, and what keeps the key store shut</exception>
    public static async ValueTask<KeyRotationPlan> PlanAsync(Installation installation, KeyRotationRequest request, CancellationToken cancel)
    {
        Access.Require(installation, "Update-StingKey");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(request);
        var keys = Keys(installation);
        if (request is { Subject: not null, Kind: not KeyRotationKind.Subject })
        {
            throw new StingException("RotationUnfit", FailureKind.InvalidArgument, $"Keys of kind {request.Kind} belong to no person or jar.", request.Subject, "Give -User or -HoneyJar with -Kind Subject alone.");
        }
        if (request is { NewWriterSecret: true, Kind: not KeyRotationKind.Subject })
        {
            throw new StingException("RotationUnfit", FailureKind.InvalidArgument, $"Keys of kind {request.Kind} have no writer secret.", request.Kind.ToString(), "Give -NewWriterSecret with -Kind Subject alone.");
        }
        var half = keys.PublicNow;
        var since = KeyAges.Of(keys).Where(key => key.Kind == request.Kind).Select(key => (DateTimeOffset?)key.Since).FirstOrDefault();
        var replicas = keys.Places.Where(place => place.What == "key records").Select(place => place.Path).ToArray();
        var places = keys.Places.Where(place => place.What != "key records").Select(place => place.Path).ToArray();
        using var store = keys.OpenKeyStore();
        var next = string.Create(CultureInfo.InvariantCulture, $"Epoch {store.Epoch} ends and {store.Epoch + 1} begins: a new secret in every place, {store.Count:N0} records written anew on every replica; then the earlier secret and records are destroyed.");
        KeyRotationPlan Plan(long records, long claims, string[] epochPlaces, string[] changes, string[] stays) => new()
        {
            Kind = request.Kind, Subject = request.Subject, SinceTime = since, Records = records, Claims = claims, Replicas = replicas, EpochPlaces = epochPlaces, Changes = changes,
            Stays = [.. stays, "Packs, restore points and pseudonyms: what could be read can be read."], NeedsApproval = request.Kind is KeyRotationKind.KeyEncryptionKey or KeyRotationKind.Signing,
        };
        switch (request.Kind)
        {
            case KeyRotationKind.Epoch:
                return Plan(store.Count, 0, places, [next], ["The KEK, and every subject's key."]);
            case KeyRotationKind.KeyEncryptionKey:
                string[] vault = keys.WrappedBy is { } wrapper ? [$"Transit key {wrapper} gets a new version, and the key file a new file key."] : [];
                return Plan(store.Count, 0, places,
                [
                    string.Create(CultureInfo.InvariantCulture, $"KEK {half.KekGeneration} is replaced by {half.KekGeneration + 1} in reserve.key and reserve.pub; copies of the two from before open no record any more, and escrow shares of it no longer help."),
                    .. vault, next,
                ], ["How the key file is protected, its passphrase, the key role's signing key, and every subject's key."]);
            case KeyRotationKind.Signing:
                return Plan(0, 0, [],
                [
                    $"The key role signs with a new key in the place of {Fingerprint.Of(half.KeyRolePublicKey)}, which hands over to it in reserve.pub and in the repository's format object; then reserve.key lets go of the old one.",
                    "Hosts that trust the old key learn of the new one when they next open the repository; then repository.key_fingerprint may be brought up in their configurations.",
                    "Escrow shares of before hold the old key: make a new escrow.",
                ],
                ["What the old key signed, which stays good. Where it was stolen, this does not disown it: make a new reserve.", "The KEK, the directory key, the epoch, every host's and every subject's key."])
                    with { Replicas = [] };
            case KeyRotationKind.Writer:
                return Plan(0, 0, [], [$"This host (writer {installation.Writer}) signs with a new key; its enrolment gets a next revision that names it."],
                    ["Its writer id, its spares and its encryption key, so that nothing is read or stored again.", "What its earlier key signed, which stays good. Where that key was stolen, revoke the host instead (Unregister-StingHost)."])
                    with { Replicas = [] };
            default:
                return await PlanSubjectsAsync(installation, request, Plan, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Numbers of records and generations decide nothing: a run that died goes on under the same approval.</summary>
    internal static DangerousPlan DangerOf(KeyRotationPlan plan) => new(Verb, plan.Kind.ToString()) { Facts = [new PlanFact("Kind", plan.Kind.ToString())] };

    /// <summary>Carries a plan out; goes on with what an interrupted run began. The last event is a <see cref="CompletedEvent"/> with a <see cref="KeyRotationResult"/>.</summary>
    /// <exception cref="StingException"><c>ApprovalRequired</c> and the others of <see cref="Guard"/> where the plan says so; <c>BackupRunning</c></exception>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, KeyRotationPlan plan, CancellationToken cancel)
    {
        Access.Require(installation, "Update-StingKey");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        return JobStream.RunAsync(installation, "rotation", async (output, token) =>
        {
            if (plan.NeedsApproval)
            {
                return await Guard.RunAsync(installation, DangerOf(plan), deed => RenewAsync(installation, plan, output, deed), OutcomeOf, token).ConfigureAwait(false);
            }
            var result = await RenewAsync(installation, plan, output, token).ConfigureAwait(false);
            // All subjects are named by the count: a record that lists a hundred thousand pseudonyms helps nobody.
            await AuditLog.NoteAsync(installation, Verb, plan.Subject is null ? [] : ((Planned)plan.Targets!).Pseudonyms, OutcomeOf(result), token).ConfigureAwait(false);
            return result;
        }, cancel);
    }

    private static async Task<KeyRotationResult> RenewAsync(Installation installation, KeyRotationPlan plan, JobOutput output, CancellationToken cancel)
    {
        var started = installation.Clock.GetTimestamp();
        var keys = Keys(installation);
        var (reader, secret) = await UnlockAsync(installation, plan.Kind, cancel).ConfigureAwait(false);
        using var kept = secret;
        output.Progress.Activity = "Renew keys";
        output.Progress.Status = plan.Kind.ToString();
        LeftBehind? left = null;
        SubjectsRenewed? subjects = null;
        KeyRoleChain? signing = null;
        switch (plan.Kind)
        {
            case KeyRotationKind.Epoch:
                left = await ReserveKeys.RenewEpochAsync(reader, cancel).ConfigureAwait(false);
                break;
            case KeyRotationKind.KeyEncryptionKey:
                left = (await keys.RenewKekAsync(reader, secret, installation.Store, cancel).ConfigureAwait(false)).Left;
                break;
            case KeyRotationKind.Signing:
                using (installation.LockHost())   // a run of this host checks with the keys that it knew when it began
                {
                    signing = await keys.RenewSigningAsync(reader, secret, installation.Store, cancel).ConfigureAwait(false);
                }
                break;
            case KeyRotationKind.Writer:
                using (installation.LockHost())   // a run signs with one key from its beginning to its end
                {
                    await keys.RenewWriterAsync(reader, installation.Store, cancel).ConfigureAwait(false);
                }
                break;
            default:
                output.Progress.TotalItems = plan.Claims;
                using (installation.LockHost())   // a backup of this host that meets a claim between its end and its beginning would fail
                {
                    var tags = plan.Subject is null ? null : ((Planned)plan.Targets!).Tags;
                    subjects = await keys.RenewSubjectsAsync(installation.Store, reader, installation.Writers, new SubjectOrder(tags, plan.NewWriterSecret), done => output.Progress.Add(done, 0), cancel).ConfigureAwait(false);
                }
                break;
        }
        var waiting = (left?.Away ?? []).Concat(subjects?.Faults ?? []).ToArray();
        foreach (var fault in waiting)
        {
            output.Failed(fault);
        }
        using var store = keys.OpenKeyStore();
        return new KeyRotationResult
        {
            State = waiting.Length > 0 ? JobState.CompletedWithErrors : JobState.Completed, Kind = plan.Kind, KekGeneration = keys.PublicNow.KekGeneration, Epoch = store.Epoch,
            Records = left?.Survivors ?? subjects?.Keys ?? 0, KeyFingerprint = signing is null ? null : Fingerprint.Of(signing.Current), Claims = subjects?.Claims ?? 0, Destroyed = left?.Destroyed.Count ?? 0, Waiting = waiting.Select(fault => fault.Message).ToArray(),
            Duration = installation.Clock.GetElapsedTime(started),
        };
    }

    private static async ValueTask<KeyRotationPlan> PlanSubjectsAsync(
        Installation installation, KeyRotationRequest request, Func<long, long, string[], string[], string[], KeyRotationPlan> plan, CancellationToken cancel)
    {
        List<ErasureTarget>? targets = null;
        long count;
        if (request.Subject is { } subject)
        {
            using var repository = await RepositoryReading.OpenAsync(installation, cancel).ConfigureAwait(false);
            var choice = await repository.Resolver.ResolveAsync(request.Scope ?? RestoreScope.User, subject, [.. repository.Finder.All], cancel).ConfigureAwait(false);
            targets = await ErasureTargets.FindAsync(installation, choice.Names, cancel).ConfigureAwait(false);
            count = targets.Count;
        }
        else
        {
            count = await Keys(installation).CountClaimsAsync(installation.Store, cancel).ConfigureAwait(false);
        }
        if (count == 0)
        {
            throw new StingException("NothingToRotate", FailureKind.NotFound, request.Subject is null ? "No subject has a key that is in use." : $"'{request.Subject}' has no key that is in use.", request.Subject,
                "Check the name with Get-StingRestorePoint -Subject; a key is in use once something was backed up under it.");
        }
        var pseudonyms = targets?.Select(target => target.Pseudonym).ToHashSet();
        var again = request.NewWriterSecret ? await StoredAgain.MeasureAsync(installation, pseudonyms, cancel).ConfigureAwait(false) : 0;
        string[] changes = [string.Create(CultureInfo.InvariantCulture, $"{count:N0} subjects get a next key pair, and their claims name it: what is backed up from then on is sealed to it.")];
        var made = request.NewWriterSecret
            ? plan(count, count, [],
                [
                    .. changes, "They get a new writer secret too, sealed to each enrolled host: chunks and pages have other ids and cut points from then on. Whoever knew the old one can guess at what was stored before, and at nothing later.",
                    string.Create(CultureInfo.InvariantCulture, $"{Display.Length(again)} of their files are read and stored again by the next run of each host (before compression); what lies there already stays until its restore points go."),
                ],
                ["Their older keys and writer secrets, which still open and check what was stored under them.", "The KEK and the epoch."])
            : plan(count, count, [], changes, ["Their older keys, which still open what was sealed to them.", "Their writer secrets, so that nothing is read or stored again.", "The KEK and the epoch."]);
        made = made with { NewWriterSecret = request.NewWriterSecret, StoredAgainBytes = again };
        return made with { Targets = targets is null ? null : new Planned([.. targets.Select(target => target.Tag)], [.. targets.Select(target => target.Pseudonym)]) };
    }

    private static async ValueTask<(SubjectReader Reader, SecretBytes? Secret)> UnlockAsync(Installation installation, KeyRotationKind kind, CancellationToken cancel) =>
        kind is KeyRotationKind.KeyEncryptionKey or KeyRotationKind.Signing && installation.UnlockWithSecretAsync is { } unlock
            ? await unlock(cancel).ConfigureAwait(false) : (await ErasureJob.ReaderAsync(installation, cancel).ConfigureAwait(false), null);

    private static string OutcomeOf(KeyRotationResult result) => result.Kind == KeyRotationKind.Signing ? $"{result.Kind} {result.KeyFingerprint} {result.State}" : string.Create(CultureInfo.InvariantCulture,
        $"{result.Kind} {result.Kind switch { KeyRotationKind.KeyEncryptionKey => result.KekGeneration, KeyRotationKind.Epoch => result.Epoch, _ => result.Claims }} {result.State}");

    private static ReserveKeys Keys(Installation installation) => installation.Keys is { HasKeyDirectory: true } keys ? keys : throw new StingException(
        "KeyDirectoryMissing", FailureKind.NotFound, "The key directory is not here: keys are renewed by the key role.", installation.Configuration?.Keys.Directory, "Run it on the machine that has the key directory.");

    private sealed record Planned(IReadOnlyList<Id16> Tags, IReadOnlyList<Id16> Pseudonyms);
}
