using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Governance;

/// <summary>
/// Makes, enrols and revokes approvers. The key role enrols the first one alone; from then on each enrolment and each revocation is itself a dangerous deed, so that whoever holds the key role
/// cannot put somebody of his own in the place of those who are there.
/// </summary>
public static class ApproverJobs
{
    internal const string Register = "Register-StingApprover";
    internal const string Unregister = "Unregister-StingApprover";

    /// <summary>What making an approver's key would write.</summary>
    /// <exception cref="StingException"><c>ApproverNameInvalid</c>, <c>ApproverKeyExists</c></exception>
    public static NewApproverPlan PlanNew(string name, string keyFile)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(keyFile);
        var trimmed = name.Trim();
        if (trimmed.Length is 0 or > ApproverKeyFile.MaxNameLength || trimmed.Any(char.IsControl))
        {
            throw new StingException("ApproverNameInvalid", FailureKind.InvalidArgument, $"'{trimmed}' is no name for an approver: 1 to {ApproverKeyFile.MaxNameLength} characters, in one line.", trimmed,
                "Name the office, such as 'Security officer': the name lies in the clear in the repository.");
        }
        var path = Path.GetFullPath(keyFile);
        foreach (var file in (string[])[path, path + ApproverKeyFile.PublicSuffix])
        {
            if (File.Exists(file) || Directory.Exists(file))
            {
                throw new StingException("ApproverKeyExists", FailureKind.AlreadyExists, $"'{file}' stands there already.", file, "Name another file. A key that was lost is replaced by a new approver.");
            }
        }
        return new NewApproverPlan { Name = trimmed, KeyFile = path, PublicFile = path + ApproverKeyFile.PublicSuffix };
    }

    /// <summary>Makes the key.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="passphrase">The approver's own; without one there is no key.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="work">What a try costs whoever guesses.</param>
    /// <exception cref="StingException"><c>ApproverKeyExists</c>, <c>ApproverKeyUnavailable</c></exception>
    public static NewApproverResult New(NewApproverPlan plan, SecretBytes passphrase, TimeProvider clock, Argon2Parameters? work = null)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(passphrase);
        var made = ApproverKeyFile.Create(plan.KeyFile, plan.Name, passphrase, work ?? Argon2Parameters.Default, clock);
        return new NewApproverResult { Id = made.Id.ToString(), Name = made.Name, Fingerprint = Fingerprint.Of(made.PublicKey), KeyFile = plan.KeyFile, PublicFile = plan.PublicFile };
    }

    /// <summary>Every approver, in the order of enrolment. Needs no passphrase.</summary>
    public static async ValueTask<(IReadOnlyList<Approver> Approvers, IReadOnlyList<StingException> Faults)> ListAsync(Installation installation, CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingApprover");
        var found = await LoadAsync(installation, cancel).ConfigureAwait(false);
        return ([.. found.All.Select(a => a.ToRecord())], found.Faults);
    }

    /// <summary>What enrolling an approver would do. Asks for no key, writes nothing.</summary>
    /// <exception cref="StingException"><c>ApproverEnrolled</c>, <c>ApproverRevoked</c>, <c>ApproverNotIndependent</c>, <c>KeyFileDamaged</c>, <c>ApproverKeyUnavailable</c></exception>
    public static async ValueTask<ApproverPlan> PlanRegisterAsync(Installation installation, string publicFile, CancellationToken cancel)
    {
        Access.Require(installation, Register);
        ArgumentNullException.ThrowIfNull(installation);
        var candidate = ApproverKeyFile.ReadPublic(Path.GetFullPath(publicFile));
        var known = await LoadAsync(installation, cancel).ConfigureAwait(false);
        var isFirst = await IsFirstAsync(installation, known, candidate.Id, cancel).ConfigureAwait(false);
        if (known.Find(candidate.Id) is { } present && !(isFirst && present.RevokedNs is null))
        {
            throw present.RevokedNs is null
                ? new StingException("ApproverEnrolled", FailureKind.AlreadyExists, $"{present.Name} ({present.Id}) is enrolled already.", present.Id.ToString(), "Nothing needs to be done.")
                : new StingException("ApproverRevoked", FailureKind.Refused, $"{present.Name} ({present.Id}) was revoked, and a key that was revoked never counts again.", present.Id.ToString(), "Make a new key with New-StingApprover.");
        }
        if (installation.Keys!.IsOwnKey(candidate.PublicKey, installation.Writers))
        {
            throw new StingException("ApproverNotIndependent", FailureKind.Refused, $"The key in '{publicFile}' is one of this reserve's own, and no second identity.", publicFile, "Let another person make a key with New-StingApprover.");
        }
        var plan = new ApproverPlan { Command = Register, ApproverId = candidate.Id.ToString(), Name = candidate.Name, Fingerprint = Fingerprint.Of(candidate.PublicKey), PublicKey = candidate.PublicKey };
        return isFirst ? plan : plan with { Approval = await Guard.LookAsync(installation, PlanOf(plan, candidate.Id), cancel).ConfigureAwait(false) };
    }

    /// <summary>Enrols an approver; needs the key role, and an approval unless he is the first.</summary>
    /// <exception cref="StingException">As <see cref="Guard"/>; <c>KeyRoleMissing</c>, and what unlocking keys can say</exception>
    public static async ValueTask<Approver> RegisterAsync(Installation installation, ApproverPlan plan, CancellationToken cancel)
    {
        Access.Require(installation, Register);
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        var candidate = new EnrolledApprover(EnrolledApprover.IdOf(plan.PublicKey), plan.Name, plan.PublicKey, installation.NowNs, null);
        async Task<EnrolledApprover> EnrolAsync(CancellationToken token)
        {
            await installation.Keys!.PublishApproverAsync(await UnlockAsync(installation, token).ConfigureAwait(false), candidate, 1, installation.Store, token).ConfigureAwait(false);
            return candidate;
        }
        // Who is the first is asked again: between plan and deed somebody may have come.
        var known = await LoadAsync(installation, cancel).ConfigureAwait(false);
        if (!await IsFirstAsync(installation, known, candidate.Id, cancel).ConfigureAwait(false))
        {
            return (await Guard.RunAsync(installation, PlanOf(plan, candidate.Id), EnrolAsync, null, cancel).ConfigureAwait(false)).ToRecord();
        }
        await UnlockAsync(installation, cancel).ConfigureAwait(false);
        var log = await AuditLog.OpenAsync(installation, cancel).ConfigureAwait(false);
        await EnrolAsync(cancel).ConfigureAwait(false);
        await log.AppendAsync(new AuditDraft(AuditEvent.Executed, Register) { Subjects = [candidate.Id], PlanDigest = PlanOf(plan, candidate.Id).Digest, Outcome = "FirstApprover" }, CancellationToken.None).ConfigureAwait(false);
        return candidate.ToRecord();
    }

    /// <summary>What revoking an approver would do. Asks for no key, writes nothing.</summary>
    /// <exception cref="StingException"><c>ApproverUnknown</c>, <c>ApproverRevoked</c>, <c>LastApprover</c></exception>
    public static async ValueTask<ApproverPlan> PlanUnregisterAsync(Installation installation, string approverId, CancellationToken cancel)
    {
        Access.Require(installation, Unregister);
        ArgumentNullException.ThrowIfNull(installation);
        var (approver, _) = await FindAsync(installation, approverId, cancel).ConfigureAwait(false);
        var plan = new ApproverPlan { Command = Unregister, ApproverId = approver.Id.ToString(), Name = approver.Name, Fingerprint = Fingerprint.Of(approver.PublicKey), PublicKey = approver.PublicKey };
        return plan with { Approval = await Guard.LookAsync(installation, PlanOf(plan, approver.Id), cancel).ConfigureAwait(false) };
    }

    /// <summary>Revokes an approver: a later revision of his enrolment, which is never taken back. Needs the key role and an approval.</summary>
    /// <exception cref="StingException">As <see cref="Guard"/>; <c>KeyRoleMissing</c>, and what unlocking keys can say</exception>
    public static async ValueTask<Approver> UnregisterAsync(Installation installation, ApproverPlan plan, CancellationToken cancel)
    {
        Access.Require(installation, Unregister);
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        var (approver, revision) = await FindAsync(installation, plan.ApproverId, cancel).ConfigureAwait(false);
        return (await Guard.RunAsync(installation, PlanOf(plan, approver.Id), async token =>
        {
            var revoked = approver with { RevokedNs = installation.NowNs };
            await installation.Keys!.PublishApproverAsync(await UnlockAsync(installation, token).ConfigureAwait(false), revoked, revision + 1, installation.Store, token).ConfigureAwait(false);
            return revoked;
        }, null, cancel).ConfigureAwait(false)).ToRecord();
    }

    internal static DangerousPlan PlanOf(ApproverPlan plan, Id16 id) => new(plan.Command, $"approver {plan.Name}")
    {
        Facts = [new PlanFact("Approver", plan.Name), new PlanFact("Id", plan.ApproverId), new PlanFact("Fingerprint", plan.Fingerprint)], Subjects = [id],
    };

    /// <summary>Nobody but this one was ever enrolled: neither an object nor the audit chain knows of another.</summary>
    private static async ValueTask<bool> IsFirstAsync(Installation installation, EnrolledApprovers known, Id16 id, CancellationToken cancel)
    {
        if (known.All.Any(a => a.Id != id) || known.Faults.Count > 0)
        {
            return false;
        }
        var chains = await AuditChains.LoadAsync(installation, null, cancel).ConfigureAwait(false);
        return !chains.Records.Any(r => r.Event == AuditEvent.Executed && r.Verb is Register or Unregister);
    }

    private static async ValueTask<(EnrolledApprover Approver, uint Revision)> FindAsync(Installation installation, string text, CancellationToken cancel)
    {
        var known = await LoadAsync(installation, cancel).ConfigureAwait(false);
        if (!Id16.TryParse(text.Trim(), out var id) || known.Find(id) is not { } approver)
        {
            throw new StingException("ApproverUnknown", FailureKind.NotFound, $"There is no approver '{text}'.", text, "Get-StingApprover shows every approver and his id.");
        }
        if (approver.RevokedNs is not null)
        {
            throw new StingException("ApproverRevoked", FailureKind.AlreadyExists, $"{approver.Name} ({approver.Id}) was revoked already.", text, "Nothing needs to be done.");
        }
        if (known.All.Count(a => a.RevokedNs is null) == 1)
        {
            throw new StingException("LastApprover", FailureKind.Refused, $"{approver.Name} ({approver.Id}) is the only approver: without one nothing could be approved any more.", text,
                "Enrol another one before: New-StingApprover, Register-StingApprover.");
        }
        return (approver, known.RevisionOf(id));
    }

    private static async ValueTask<EnrolledApprovers> LoadAsync(Installation installation, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(installation);
        return installation.Keys is { } keys ? await keys.LoadApproversAsync(installation.Store, cancel).ConfigureAwait(false) : EnrolledApprovers.None;
    }

    private static async ValueTask<SubjectReader> UnlockAsync(Installation installation, CancellationToken cancel) =>
        await installation.UnlockAsync(cancel).ConfigureAwait(false) as SubjectReader
        ?? throw new StingException("KeyRoleMissing", FailureKind.Refused, "Only the key role enrols and revokes approvers, and it is not here.", null, "Run this where the key directory is.");
}
