using System.Globalization;
using System.Security.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Operations;

/// <summary>Makes an escrow of the keys, and tries one: a plan for each, and its execution.</summary>
public static class KeyEscrowJob
{
    /// <summary>Most shares: more than a handful of people cannot be brought together.</summary>
    public const int MaxShares = 20;

    internal const string Export = "Export-StingKeyEscrow";
    internal const string Test = "Test-StingKeyEscrow";

    /// <summary>What making an escrow would do. Asks for no key, writes nothing.</summary>
    /// <param name="installation">The key role's machine.</param>
    /// <param name="folder">The folder for the shares: new or empty.</param>
    /// <param name="shares">How many shares.</param>
    /// <param name="threshold">How many of them open the keys.</param>
    /// <param name="withPages">Whether to make pages to print.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>EscrowCountInvalid</c>, <c>EscrowPlaceUnsafe</c>, <c>OutputExists</c>, <c>KeyDirectoryMissing</c></exception>
    public static async ValueTask<KeyEscrowPlan> PlanExportAsync(Installation installation, string folder, int shares, int threshold, bool withPages, CancellationToken cancel)
    {
        Access.Require(installation, "Export-StingKeyEscrow");
        ArgumentNullException.ThrowIfNull(installation);
        if (threshold < 2 || threshold > shares || shares > MaxShares)
        {
            throw new StingException("EscrowCountInvalid", FailureKind.InvalidArgument, FormattableString.Invariant($"{threshold} of {shares} shares cannot be: at least 2 are needed, at most as many as there are, and there are {MaxShares} at most."), null,
                "Take 3 of 5: two may be lost, and two together open nothing.");
        }
        CheckFolder(installation, folder);
        var (kek, generation) = installation.Keys!.Kek;
        var plan = new KeyEscrowPlan
        {
            OutputPath = folder, Shares = shares, Threshold = threshold, WithPages = withPages, ReserveId = installation.Reserve.ToString(), KekGeneration = generation, KekFingerprint = kek, KeyFingerprint = installation.Keys.KeyRoleFingerprint,
        };
        return plan with { Approval = await Guard.LookAsync(installation, DangerOf(plan), cancel).ConfigureAwait(false) };
    }

    /// <summary>Makes the escrow, once a second identity has approved it: seals the keys, splits the key that seals them, writes each share to a file, and reads all of it back.</summary>
    /// <exception cref="StingException">As <see cref="PlanExportAsync"/> and <see cref="Guard"/>; <c>KeyRoleMissing</c>, and what unlocking keys can say</exception>
    public static Task<KeyEscrowResult> ExportAsync(Installation installation, KeyEscrowPlan plan, CancellationToken cancel)
    {
        Access.Require(installation, "Export-StingKeyEscrow");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        return Guard.RunAsync(installation, DangerOf(plan), async token =>
        {
            var reader = await ReaderAsync(installation, token).ConfigureAwait(false);
            using var held = await reader.Role.HoldAsync(token).ConfigureAwait(false);
            CheckFolder(installation, plan.OutputPath);
            if (installation.Keys!.Kek.Fingerprint != plan.KekFingerprint)
            {
                throw new StingException("PlanOutdated", FailureKind.Refused, "The keys were changed since the plan was made.", plan.OutputPath, "Run the command again.");
            }
            return Write(installation.Keys, reader, plan);
        }, static result => $"{result.Threshold}of{result.Shares}", cancel);
    }

    /// <summary>Looks at shares alone: whether each is well typed, and of one escrow. Needs no installation and no key.</summary>
    /// <exception cref="StingException">What is wrong with them, by share, file and line</exception>
    public static KeyEscrowCheck Look(IReadOnlyList<string> paths)
    {
        using var found = EscrowFolder.Read(paths);
        if (found.Shares.Count == 0)
        {
            throw EscrowErrors.TooFew("There is a sealed escrow, and no share of it.", paths[0]);
        }
        var first = found.Shares[0].Share;
        return new KeyEscrowCheck
        {
            EscrowId = first.EscrowId.ToString(), ReserveId = first.ReserveId.ToString(), Given = NumbersOf(found), Shares = first.Shares, Threshold = first.Threshold,
            Problems = found.Repeated.Select(again => $"Given twice: {again}.").ToArray(),
        };
    }

    /// <summary>
    /// Proves that shares bring the keys back: opens the escrow, compares its keys with those in force, and opens every record of the key store with them. The keys are wiped when it ends;
    /// nothing is written but a record in the audit chain. Needs no passphrase: the shares are what opens.
    /// </summary>
    /// <exception cref="StingException">What is wrong with the shares, by share, file and line; <c>EscrowForeign</c></exception>
    public static async ValueTask<KeyEscrowCheck> TestAsync(Installation installation, IReadOnlyList<string> paths, CancellationToken cancel)
    {
        Access.Require(installation, "Test-StingKeyEscrow");
        ArgumentNullException.ThrowIfNull(installation);
        using var found = EscrowFolder.Read(paths);
        var (escrow, keys) = found.Open();
        using (keys)
        {
            var state = await installation.Keys!.StateOfAsync(escrow, installation.Store, cancel).ConfigureAwait(false);
            var problems = new List<string>(found.Repeated.Select(again => $"Given twice: {again}."));
            if (state == EscrowState.Stale)
            {
                problems.Add("The keys were changed since this escrow was made. Make another with Export-StingKeyEscrow, and have these shares destroyed.");
            }
            var (records, opened) = Prove(installation.Keys, keys, problems, cancel);
            var check = new KeyEscrowCheck
            {
                EscrowId = escrow.Id.ToString(), ReserveId = escrow.ReserveId.ToString(), Given = NumbersOf(found), Shares = escrow.Shares, Threshold = escrow.Threshold, State = state,
                IsRecoverable = state == EscrowState.Current && records == opened, Records = records, RecordsOpened = opened, CreatedTime = KeyInventory.Time(escrow.CreatedNs), Problems = problems.Distinct().ToArray(),
            };
            if (installation.Host is not null)
            {
                await AuditLog.NoteAsync(installation, Test, [escrow.Id], check.IsRecoverable == true ? "Recoverable" : "NotRecoverable", cancel).ConfigureAwait(false);
            }
            return check;
        }
    }

    internal static int[] NumbersOf(EscrowFolder found) => [.. found.Shares.Select(s => (int)s.Share.Number)];

    /// <summary>What of the keys' escrow is worth a warning; null where all is well, and on a host without the key directory.</summary>
    public static string? WarningOf(EscrowState? state) => state switch
    {
        null or EscrowState.Current => null,
        EscrowState.Missing => "There is no escrow of the keys: when the key file is lost, every backup is. Make one with Export-StingKeyEscrow.",
        EscrowState.Stale => "The keys were changed since their escrow was made: its shares open nothing that is in force. Make another with Export-StingKeyEscrow.",
        _ => "The key directory's copy of the escrow is damaged. Try its shares with Test-StingKeyEscrow, or make another with Export-StingKeyEscrow.",
    };

    /// <summary>The best of what there is.</summary>
    internal static EscrowState StateOf(ReserveKeys keys)
    {
        var states = keys.Escrows.Select(escrow => escrow.State).ToHashSet();
        return states.Contains(EscrowState.Current) ? EscrowState.Current : states.Contains(EscrowState.Stale) ? EscrowState.Stale : states.Count > 0 ? EscrowState.Damaged : EscrowState.Missing;
    }

    private static (int? Records, int? Opened) Prove(ReserveKeys reserve, PrivateHalf keys, List<string> problems, CancellationToken cancel)
    {
        try
        {
            var (records, opened, faults) = reserve.Prove(keys, cancel);
            problems.AddRange(faults.Take(10).Select(fault => $"{fault.Message} {fault.Remedy}"));
            return (records, opened);
        }
        catch (StingException unreachable)
        {
            problems.Add($"The shares open the keys, but what these open could not be tried: {unreachable.Message} {unreachable.Remedy}");
            return (null, 0);
        }
    }

    internal static DangerousPlan DangerOf(KeyEscrowPlan plan) => new(Export, $"the keys of reserve {plan.ReserveId}")
    {
        Facts =
        [
            new PlanFact("Shares", plan.Shares.ToString(CultureInfo.InvariantCulture)), new PlanFact("Needed", plan.Threshold.ToString(CultureInfo.InvariantCulture)), new PlanFact("Folder", plan.OutputPath),
            new PlanFact("KEK", plan.KekFingerprint), new PlanFact("Key role", plan.KeyFingerprint),
        ],
    };

    /// <summary>The keys themselves, which an escrow is made of.</summary>
    private static async ValueTask<SubjectReader> ReaderAsync(Installation installation, CancellationToken cancel)
    {
        try
        {
            return await installation.UnlockAsync(cancel).ConfigureAwait(false) as SubjectReader
                ?? throw new StingException("KeyRoleMissing", FailureKind.Refused, "Only the key role makes an escrow, and it is not here.", null, "Run this where the key directory is.");
        }
        catch (StingException denied) when (denied.ErrorId == "VaultDenied")
        {
            throw new StingException("VaultDenied", denied.Kind, $"An escrow holds the keys themselves, so the key file must be decrypted, and Vault does not let this token: {denied.Message}", denied.Target,
                $"Run it with a token of the restore role, which has the decrypt right. {denied.Remedy}", denied);
        }
    }

    private static KeyEscrowResult Write(ReserveKeys keys, SubjectReader reader, KeyEscrowPlan plan)
    {
        var (escrow, shares) = keys.MakeEscrow(reader, plan.Shares, plan.Threshold);
        List<string> texts = [], pages = [];
        var sealedFile = Path.Combine(plan.OutputPath, escrow.FileName);
        try
        {
            keys.Files.MakeFolder(plan.OutputPath);
            foreach (var share in shares)
            {
                var path = Path.Combine(plan.OutputPath, EscrowPage.NameOf(escrow.Id, share.Number));
                texts.Add(path + ".txt");
                Create(keys.Files, texts[^1], EscrowPage.Text(escrow, share));
                if (plan.WithPages)
                {
                    pages.Add(path + ".html");
                    Create(keys.Files, pages[^1], EscrowPage.Html(escrow, share));
                }
            }
            Create(keys.Files, sealedFile, escrow.Bytes);
            Check(texts, escrow);
        }
        catch
        {
            // Half an escrow is of no use to us, and of some to whoever finds it.
            foreach (var path in texts.Concat(pages).Append(sealedFile))
            {
                keys.Files.Destroy(path);
            }
            throw;
        }
        finally
        {
            shares.ToList().ForEach(share => share.Dispose());
        }
        keys.Keep(escrow);
        return new KeyEscrowResult
        {
            EscrowId = escrow.Id.ToString(), Shares = plan.Shares, Threshold = plan.Threshold, OutputPath = plan.OutputPath, ShareFiles = texts.ToArray(), Pages = pages.ToArray(), SealedFile = sealedFile,
            KekFingerprint = escrow.KekFingerprint, KeyFingerprint = escrow.KeyFingerprint,
            Next = FormattableString.Invariant($"Give each of {plan.Shares} people one share, on paper or on a medium of its own, have each try it with {Test} -SharesOnly, then delete the folder. Never keep {plan.Threshold} in one place."),
        };
    }

    private static void Create(IKeyFiles files, string path, byte[] content)
    {
        if (!files.Create(path, content))
        {
            throw Exists(path);
        }
        CryptographicOperations.ZeroMemory(path.EndsWith(SealedEscrow.Suffix, StringComparison.Ordinal) ? [] : content);
    }

    /// <summary>Reads back what was written, and opens it with the last shares as with the first.</summary>
    private static void Check(List<string> texts, SealedEscrow escrow)
    {
        foreach (var some in (IEnumerable<string>[])[texts.Take(escrow.Threshold), texts.TakeLast(escrow.Threshold)])
        {
            using var found = EscrowFolder.Read(some);
            var (read, keys) = found.Open();
            keys.Dispose();
            if (!read.Bytes.AsSpan().SequenceEqual(escrow.Bytes))
            {
                throw KeyFrame.Damaged(texts[0], "it does not read back as it was written");
            }
        }
    }

    private static void CheckFolder(Installation installation, string folder)
    {
        List<string> unsafePlaces = [installation.ReserveRoot];
        if (installation.Configuration is { } configuration)
        {
            var options = Installation.KeyOptionsOf(configuration);
            unsafePlaces.AddRange([.. options.Sources, configuration.Repository.BackupRoot, options.KeyDirectory, .. options.KeyStoreReplicas, .. options.EpochPlaces, configuration.StateDirectory, configuration.CacheDirectory]);
        }
        if (unsafePlaces.Find(place => KeyPlaces.IsWithin(folder, place)) is { } place)
        {
            throw new StingException("EscrowPlaceUnsafe", FailureKind.InvalidArgument, $"Shares may not be written to '{folder}': it lies in '{place}', which is backed up, or is lost together with the keys.", folder,
                "Name a new folder on a medium that you take away, or in memory (/dev/shm) to print from.");
        }
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            throw Exists(folder);
        }
    }

    private static StingException Exists(string path) => new("OutputExists", FailureKind.AlreadyExists, $"'{path}' exists already, and is not an empty folder.", path, "Name a new folder.");
}
