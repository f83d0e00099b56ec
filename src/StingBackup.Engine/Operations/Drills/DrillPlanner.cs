using System.Buffers.Binary;
using System.Globalization;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Restore.Scratch;
using StingBackup.Engine.Restore.Thawing;
using StingBackup.Engine.Sources.PostgreSql.Logical;

namespace StingBackup.Engine.Operations.Drills;

/// <summary>One restore of a drill.</summary>
/// <param name="Chosen">What was drawn; null for what only helps, such as the schema of databases.</param>
/// <param name="Request">The restore.</param>
internal sealed record DrillPart(DrillChosen? Chosen, RestoreRequest Request);

/// <summary>Exactly what a drill restores.</summary>
/// <param name="Parts">Its restores.</param>
/// <param name="HasRows">Whether rows of databases are among it.</param>
/// <param name="Failures">What choosing met that is damaged.</param>
/// <param name="Programs">Programs of a database server, to load rows with; null where there are none, or no rows.</param>
internal sealed record DrillSelection(IReadOnlyList<DrillPart> Parts, bool HasRows, IReadOnlyList<StingException> Failures, ServerPrograms? Programs);

/// <summary>Makes a drill's plan out of what one tier has, and no other. Writes nothing.</summary>
internal sealed class DrillPlanner(Installation installation, RecoveryTestRequest request)
{
    private readonly DrillKind _kind = DrillKind.Of(request.Type);
    private readonly List<string> _notes = [];

    public async ValueTask<RecoveryTestPlan> PlanAsync(CancellationToken cancel)
    {
        var tier = request.Tier ?? _kind.Tier;
        RequireTier(tier);
        var seed = request.Seed ?? BinaryPrimitives.ReadInt64LittleEndian(RandomBytes()) & long.MaxValue;
        var folder = DrillPlace.FolderOf(installation, request.Type, seed);
        var book = await DrillBook.LoadAsync(installation, cancel).ConfigureAwait(false);
        var there = await installation.AloneAtTierAsync(tier, static store => new MeteredStore(store), cancel).ConfigureAwait(false);
        using var repository = await RepositoryReading.OpenAsync(there, cancel).ConfigureAwait(false);
        var odds = new DrillOdds(seed, installation.Clock.GetUtcNow());
        var chooser = new DrillChooser(repository, odds, book.LastTested(request.Type), await TaggerAsync(installation, cancel).ConfigureAwait(false));
        var parts = await PartsAsync(repository, chooser, odds, folder, cancel).ConfigureAwait(false);
        var plans = new List<RestorePlan>();
        foreach (var part in parts)
        {
            plans.Add(await PlanPartAsync(there, repository, part.Request, cancel).ConfigureAwait(false));
        }
        var helper = await SchemaAsync(there, repository, parts, plans, folder, cancel).ConfigureAwait(false);
        var hasRows = helper is not null;
        if (helper is { Request.Scope: RestoreScope.File })
        {
            parts = [helper, .. parts];
        }
        var programs = hasRows ? ServerPrograms.Find(installation) : null;
        var thaw = await ThawAsync(there, plans, cancel).ConfigureAwait(false);
        Note(plans, hasRows, programs);
        // Files that lie in one pack need it once.
        var packs = new PackTally(repository.View.Index);
        plans.ForEach(p => packs.Add(((RestoreSelection)p.Selection!).Packs!));
        return new RecoveryTestPlan
        {
            Request = request with { Seed = seed, Tier = tier }, Chosen = [.. parts.Where(p => p.Chosen is not null).Select(p => Show(p.Chosen!))],
            BackupIds = [.. plans.SelectMany(p => p.Points).Select(p => p.BackupId).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)], Tier = tier, NamedTier = _kind.IsNamed(tier) ? tier : _kind.Tier,
            Destination = folder, TargetTime = _kind.Target, LongestTime = _kind.Bound, Files = plans.Sum(p => p.Files), Length = plans.Sum(p => p.Length), Packs = packs.Packs, PackBytes = packs.Bytes,
            ToThaw = thaw?.ToThaw ?? default, Thawing = thaw?.Estimates.FirstOrDefault(e => e.Speed == request.Speed), Checks = [.. ChecksOf(hasRows, programs)], Notes = [.. _notes],
            Exact = new DrillSelection(parts, hasRows, chooser.Failures, programs),
        };
    }

    /// <summary>The plan of one of its restores. It asks for no approval: nobody is given what it brings back.</summary>
    public static ValueTask<RestorePlan> PlanPartAsync(Installation there, RepositoryReading repository, RestoreRequest part, CancellationToken cancel) =>
        new RestorePlanner(there, part, repository) { LooksAtApproval = false }.PlanAsync(cancel);

    /// <summary>The tag of a file: keyed, so that evidence, which lies in the clear, tells nothing of names.</summary>
    public static async ValueTask<Func<string, EntryPath, Id16>> TaggerAsync(Installation installation, CancellationToken cancel)
    {
        Func<string, Id16>? tagOf = installation.Host is { } host ? host.Subjects.TagOf : await installation.UnlockAsync(cancel).ConfigureAwait(false) is SubjectReader reader ? reader.TagOf : null;
        return tagOf is null ? static (_, _) => default : (subject, path) => tagOf($"drill {subject} {path}");
    }

    /// <summary>What was drawn, for people.</summary>
    public static string Show(DrillChosen chosen) => chosen.Path is { } path ? $"{path} of {chosen.Subject}" : chosen.Subject.Length > 0 ? chosen.Subject : "the complete system";

    private void RequireTier(Tier tier)
    {
        if (installation.IsLocalTierLost)
        {
            throw new StingException("DrillNotPossible", FailureKind.Refused, "The local tier is lost, so that no evidence could be kept: this is no time for tests.", installation.Store.Location, "Bring the local tier back first: Sync-StingTier -Tier Local.");
        }
        if (!installation.Tiers.Contains(tier))
        {
            throw new StingException("DrillTierMissing", FailureKind.InvalidConfiguration, $"The strategy tests {_kind.Scenario} out of the {tier} tier, and none is configured.", tier.ToString(),
                $"Set {tier.ToString().ToLowerInvariant()}.location; or test another tier by -Tier, which is no evidence.");
        }
    }

    private async ValueTask<IReadOnlyList<DrillPart>> PartsAsync(RepositoryReading repository, DrillChooser chooser, DrillOdds odds, string folder, CancellationToken cancel)
    {
        switch (request.Type)
        {
            case RecoveryTestType.File:
                var run = RunFor(repository, odds);
                var files = await chooser.FilesAsync(repository.Finder.AtRun(run, null), Math.Max(1, request.Files), cancel).ConfigureAwait(false);
                return files.Count > 0 ? [.. files.Select(f => Part(f, RestoreScope.File, run, folder))] : throw Nothing("no file");
            case RecoveryTestType.User:
                var newest = NewestRun(repository, static _ => true);
                return [Part(await chooser.SubjectAsync(repository.Finder.AtRun(newest, null), UserOf, cancel).ConfigureAwait(false) ?? throw Nothing("nobody's data"), RestoreScope.User, newest, folder)];
            case RecoveryTestType.HoneyJar:
                var full = NewestRun(repository, static type => type is BackupType.Full or BackupType.Archive);
                return [Part(await chooser.SubjectAsync(repository.Finder.AtRun(full, null), JarOf, cancel).ConfigureAwait(false) ?? throw Nothing("no honey jar"), RestoreScope.HoneyJar, full, folder)];
            default:
                return [new DrillPart(new DrillChosen(default, "", null), Request(RestoreScope.Reserve, NewestRun(repository, static _ => true), folder) with { AllowPartial = true })];
        }
    }

    /// <summary>For files any run of the days for which the tier keeps all: people ask for yesterday's file as for that of last week.</summary>
    private string RunFor(RepositoryReading repository, DrillOdds odds)
    {
        var since = installation.Clock.GetUtcNow().AddDays(-Math.Max(1, installation.DaysCertainAt(request.Tier ?? _kind.Tier)));
        var runs = Runs(repository);
        var recent = runs.Where(p => p.Time >= since).ToList();
        return (recent.Count > 0 ? recent : runs.TakeLast(1)).Select(p => p.BackupId).Distinct(StringComparer.Ordinal).MaxBy(id => odds.Draw("run " + id, null)) ?? throw Nothing("no restore point");
    }

    private string NewestRun(RepositoryReading repository, Func<BackupType, bool> isMeant) =>
        Runs(repository).LastOrDefault(p => isMeant(p.Point.Record.Type))?.BackupId ?? throw Nothing(isMeant(BackupType.Incremental) ? "no restore point" : "no full run");

    private static List<ClassPoint> Runs(RepositoryReading repository) => [.. repository.Finder.All.Where(p => !p.Point.Record.IsImported && p.DataClass is not (DataClass.Physical or DataClass.Secrets))];

    private static DrillPart Part(DrillChosen chosen, RestoreScope scope, string run, string folder) =>
        new(chosen, Request(scope, run, folder) with { Subject = chosen.Subject, Files = chosen.Path is { } path ? [path.ToString()] : [] });

    private static RestoreRequest Request(RestoreScope scope, string run, string folder) => new() { Scope = scope, BackupId = run, Destination = folder, Conflict = ConflictAction.Overwrite };

    /// <summary>A person: by id, by number, or by a folder whose name is neither.</summary>
    private static string? UserOf(string subject) =>
        subject.StartsWith("user:", StringComparison.Ordinal) || subject.StartsWith("user#", StringComparison.Ordinal) || subject.StartsWith($"path:{DataClass.UserFiles}/", StringComparison.Ordinal) ? subject : null;

    /// <summary>A jar that holds what others contributed alone has no tree of its own.</summary>
    private static string? JarOf(string subject) => subject.StartsWith("jar:", StringComparison.Ordinal) ? subject.Split('/')[0] : null;

    /// <summary>Rows of one subject need the schema of their databases, which is the system's, to be loaded into a server. Of the complete system it is part; null where there are no rows.</summary>
    private static async ValueTask<DrillPart?> SchemaAsync(Installation there, RepositoryReading repository, IReadOnlyList<DrillPart> parts, List<RestorePlan> plans, string folder, CancellationToken cancel)
    {
        if (parts[0].Request.Scope == RestoreScope.File)
        {
            return null;
        }
        var databases = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var (_, entry) in new MergedTrees(repository.Walker, ((RestoreSelection)plans[0].Selection!).Trees).WalkAsync(ReserveMounts.PostgreSql, true, static (_, _) => { }, cancel).ConfigureAwait(false))
        {
            if (entry.Kind == ItemKind.File && CapturePath.ParseRows(entry.Path.RelativeTo(ReserveMounts.PostgreSql).ToString()) is { } rows)
            {
                databases.Add(rows.Path.Split('/')[0]);
            }
        }
        if (databases.Count == 0)
        {
            return null;
        }
        if (parts[0].Request.Scope == RestoreScope.Reserve)
        {
            return parts[0];
        }
        string[] files = [CapturePath.Moment, CapturePath.Globals, .. databases.SelectMany(d => (string[])[$"{d}/{CapturePath.Database}", $"{d}/{CapturePath.PreData}"])];
        var request = parts[0].Request with { Scope = RestoreScope.File, Subject = SubjectNames.System, Files = [.. files.Select(f => $"{ReserveMounts.PostgreSql}/{f}")] };
        plans.Insert(0, await PlanPartAsync(there, repository, request, cancel).ConfigureAwait(false));
        return new DrillPart(null, request);
    }

    private static async ValueTask<RestorePackPlan?> ThawAsync(Installation there, List<RestorePlan> plans, CancellationToken cancel) =>
        there.AtTier == Tier.Archive && plans.Count == 1 ? await new PackPlanner(there).PlanAsync(plans[0], cancel).ConfigureAwait(false) : null;

    private void Note(List<RestorePlan> plans, bool hasRows, ServerPrograms? programs)
    {
        var withheld = plans.SelectMany(p => p.WithheldClasses).Distinct().ToList();
        if (withheld.Count > 0)
        {
            _notes.Add($"{string.Join(", ", withheld)} left out: keys and tokens come back with an approval only.");
        }
        if (request.Type == RecoveryTestType.Full)
        {
            _notes.Add("Captures of whole servers are no part of it: Restore-StingDatabase brings a server back to a moment.");
        }
        if (hasRows && programs is null)
        {
            _notes.Add("Rows are compared as files alone: no programs of a PostgreSQL server (initdb, postgres) are on this host to load them with.");
        }
    }

    private IEnumerable<string> ChecksOf(bool hasRows, ServerPrograms? programs)
    {
        yield return "files whose path did not change since: SHA-256 of the reserve's own file and of the restored one";
        yield return "all other content: ids of chunks, computed anew from what was restored";
        if (hasRows && programs is not null)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"rows: loaded into a server of this test alone ({programs.Folder}), read back, each table against the captured rows");
        }
        if (request.Type == RecoveryTestType.Full)
        {
            yield return "references: each file that a row names is there";
        }
        if (installation.Configuration?.Drills.VaultPrefix is { } prefix)
        {
            yield return $"secrets: written to Vault below {prefix}, and read back";
        }
    }

    private StingException Nothing(string what) => new("DrillNothingToTest", FailureKind.NotFound, $"The {request.Tier ?? _kind.Tier} tier holds {what} that a test of {_kind.Scenario} could bring back.", (request.Tier ?? _kind.Tier).ToString(),
        "Run a backup first, and Sync-StingTier for a further tier; Get-StingRestorePoint shows what there is.");

    private byte[] RandomBytes()
    {
        var bytes = new byte[sizeof(long)];
        installation.Random.GetBytes(bytes);
        return bytes;
    }
}
