using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Restore.Clean;
using StingBackup.Engine.Targets.Chroma;

namespace StingBackup.Engine.Restore;

/// <summary>What a request means where that was looked up already: nothing is then looked for by name, nor read of anybody else.</summary>
/// <param name="Names">Canonical names.</param>
/// <param name="TreesAsync">Their trees in some points.</param>
/// <param name="Items">Which of their items.</param>
internal sealed record KnownRestore(IReadOnlyList<string> Names, Func<IReadOnlyList<ClassPoint>, CancellationToken, ValueTask<TreeSet>> TreesAsync, ItemSelector Items);

/// <summary>Makes a restore's plan: resolves what was asked, walks the trees once and counts. Writes nothing.</summary>
internal sealed class RestorePlanner(Installation installation, RestoreRequest request, RepositoryReading repository)
{
    private const int PreviewItems = 1000;
    private const int QuarantineItems = 10_000;

    /// <summary>False where what is restored is given to nobody, so that no approval is asked for.</summary>
    public bool LooksAtApproval { get; init; } = true;

    /// <summary>What is meant, where that is known; else the request says it.</summary>
    public KnownRestore? Known { get; init; }

    public async ValueTask<RestorePlan> PlanAsync(CancellationToken cancel)
    {
        var state = request.BackupId is { } id ? repository.Finder.AtRun(id, request.Classes) : repository.Finder.AtDate(request.Date, request.Classes);
        if (request.Classes is not { Count: > 0 } && !ChromaFolderTarget.IsAskedFor(request))
        {
            // Captures of whole servers come back as servers (Restore-StingDatabase), or where somebody asks for that class by name: never among a reserve's files.
            state = new ReserveState([.. state.Classes.Where(c => c.DataClass != DataClass.Physical)], [.. state.Missing.Where(c => c != DataClass.Physical)]);
        }
        var (open, withheld) = Withhold(state);
        ClassPoint[] all = [.. open, .. withheld];
        var isWhole = request.Scope == RestoreScope.Reserve || request.Classes is { Count: > 0 };
        if (isWhole && state.Missing.Count > 0 && !request.AllowPartial)
        {
            throw Incomplete(state);
        }
        var choice = Known is not null ? new SubjectChoice(Known.Names, WithContributors: false) : request.Subject is null ? null
            : await repository.Resolver.ResolveAsync(request.Scope, request.Subject, [.. repository.Finder.All], cancel).ConfigureAwait(false) with { WithContributions = request.WithContributions };
        var named = Known is null && choice is null && request is { Scope: RestoreScope.File, CleanPoint: false } ? await new NamedFiles(installation, repository).FindAsync(request.Files, open, cancel).ConfigureAwait(false) : null;
        var trees = named ?? (Known is not null ? await Known.TreesAsync(open, cancel).ConfigureAwait(false) : choice is null ? await repository.Subjects.AllAsync(open, cancel).ConfigureAwait(false)
            : await repository.Subjects.OfAsync(open, choice, cancel).ConfigureAwait(false));
        var quarantine = new Quarantine();
        if (request.CleanPoint)
        {
            trees = await CleanAsync(trees, open, choice, quarantine, cancel).ConfigureAwait(false);
        }
        if (choice is not null && trees.Trees.Count == 0)
        {
            RefuseUnknown(request.Files.Count > 0 ? request.Files[0] : choice.Names[0]);
            throw await new NothingFound(repository, request, When).SubjectAsync(choice, trees, cancel).ConfigureAwait(false);
        }
        var items = Known?.Items ?? (request.Scope == RestoreScope.File
            ? await ItemSelector.ParseAsync(request.Files, trees.Trees, repository.Walker, cancel).ConfigureAwait(false) : ItemSelector.All);
        var selection = new RestoreSelection(repository.View, trees.Trees, trees.Failures, items, new HashSet<EntryPath>());
        var count = await CountAsync(selection, cancel).ConfigureAwait(false);
        if (withheld.Count > 0 && items.Texts.Any(t => !count.Fulfilled.Contains(t)))
        {
            // What is asked for by name may be among the secrets: then it is part of the plan, which needs an approval.
            var secret = await SecretsAsync(withheld, choice, selection, count, cancel).ConfigureAwait(false);
            if (secret.Trees.Count > 0)
            {
                (selection, open, withheld) = (secret, all, []);
                count = await CountAsync(selection, cancel).ConfigureAwait(false);
            }
        }
        var unfulfilled = items.Texts.Where(t => !count.Fulfilled.Contains(t)).ToList();
        if (unfulfilled.Count > 0)
        {
            RefuseUnknown(unfulfilled[0]);
            throw await new NothingFound(repository, request, When).ItemAsync(unfulfilled[0], choice, trees.Trees, cancel).ConfigureAwait(false);
        }
        var chosen = selection.Trees;
        var plan = new RestorePlan
        {
            Request = request, Scope = Describe(), Destination = DestinationOf(installation, request), InPlace = request.Destination is null, LeavesOutErased = installation.Ledger.Entries.Count > 0, Conflict = request.Conflict,
            Points = [.. PointsOf(choice, open, chosen).Select(c => c.ToRestorePoint())], Quarantined = [.. quarantine.Items], QuarantinedCount = quarantine.Count,
            MissingClasses = isWhole ? [.. state.Missing] : [], WithheldClasses = [.. withheld.Select(c => c.DataClass)], Files = count.Files, Items = count.Items, Length = count.Length,
            Packs = count.Packs.Packs, PackBytes = count.Packs.Bytes, Preview = [.. count.Preview], Selection = selection with { LinkedPaths = count.Linked, Packs = count.Packs, Touched = count.Touched },
        };
        return LooksAtApproval ? await RestoreApproval.AddStateAsync(installation, plan, cancel).ConfigureAwait(false) : plan;
    }

    /// <summary>Where all that is meant is known, nothing near is looked for: that would be somebody else's.</summary>
    private void RefuseUnknown(string what)
    {
        if (Known is not null)
        {
            throw new StingException("ItemNotFound", FailureKind.NotFound, $"There is no '{what}' to restore {When}.", what, "Look one folder up, or choose another backup.");
        }
    }

    /// <summary>The points that it reads; in a restore from clean points, each that some subject comes from.</summary>
    private IEnumerable<ClassPoint> PointsOf(SubjectChoice? choice, IReadOnlyList<ClassPoint> open, IReadOnlyList<PointTree> chosen)
    {
        if (!request.CleanPoint)
        {
            return choice is null ? open : open.Where(c => chosen.Any(t => ReferenceEquals(t.Point, c)));
        }
        return chosen.Select(t => t.Point).DistinctBy(p => (p.BackupId, p.DataClass)).OrderBy(p => p.DataClass).ThenBy(p => p.Point.Record.TimeNs);
    }

    /// <summary>Each suspect subject from its own clean point; notes what that leaves out.</summary>
    private async ValueTask<TreeSet> CleanAsync(TreeSet trees, IReadOnlyList<ClassPoint> open, SubjectChoice? choice, Quarantine quarantine, CancellationToken cancel)
    {
        var clean = new CleanPoints(installation, repository);
        var (chosen, replaced) = await clean.ReplaceAsync(trees, open, choice is null ? static _ => true : choice.Matches, cancel).ConfigureAwait(false);
        foreach (var (suspect, of) in replaced)
        {
            await foreach (var item in clean.QuarantineAsync(suspect, of, cancel).ConfigureAwait(false))
            {
                quarantine.Count++;
                if (quarantine.Items.Count < QuarantineItems)
                {
                    quarantine.Items.Add(item);
                }
            }
        }
        return chosen;
    }

    /// <summary>Secrets come back where somebody asks for them, and then with an approval only; a restore of the reserve leaves them out.</summary>
    private (IReadOnlyList<ClassPoint> Open, IReadOnlyList<ClassPoint> Withheld) Withhold(ReserveState state)
    {
        if (request.Classes?.Contains(DataClass.Secrets) == true)
        {
            return (state.Classes, []);
        }
        var groups = state.Classes.ToLookup(c => c.DataClass == DataClass.Secrets && c.Part.Items > 0);
        return ([.. groups[false]], [.. groups[true]]);
    }

    /// <summary>The selection with the secrets that fulfil what nothing else does; without trees where none does.</summary>
    private async ValueTask<RestoreSelection> SecretsAsync(IReadOnlyList<ClassPoint> withheld, SubjectChoice? choice, RestoreSelection selection, Counts open, CancellationToken cancel)
    {
        var trees = choice is null ? await repository.Subjects.AllAsync(withheld, cancel).ConfigureAwait(false) : await repository.Subjects.OfAsync(withheld, choice, cancel).ConfigureAwait(false);
        var count = await CountAsync(selection with { Trees = trees.Trees }, cancel).ConfigureAwait(false);
        return count.Fulfilled.Except(open.Fulfilled).Any()
            ? selection with { Trees = [.. selection.Trees, .. trees.Trees], Failures = [.. selection.Failures, .. trees.Failures] } : selection with { Trees = [] };
    }

    /// <summary>Where a request writes.</summary>
    public static string DestinationOf(Installation installation, RestoreRequest request) =>
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(request.Destination ?? installation.ReserveRoot));

    /// <summary>Checks that a request makes sense by itself.</summary>
    /// <exception cref="StingException"><c>RestoreRequestInvalid</c></exception>
    public static void Check(Installation installation, RestoreRequest request)
    {
        var problem = request switch
        {
            { Date: not null, BackupId: not null } => "it names both a date and a backup",
            { Scope: RestoreScope.File, Files.Count: 0 } => "it names no file",
            { Scope: not RestoreScope.File, Files.Count: > 0 } => $"it names files, which a restore of a whole {request.Scope} does not take",
            { Scope: RestoreScope.User or RestoreScope.HoneyJar, Subject: null } => "it does not say whose",
            { CleanPoint: true, BackupId: not null } => "a restore from clean points takes each subject from its own, and no run can be named",
            { WithContributions: true, Scope: not RestoreScope.User } => "only a person has contributions to honey jars",
            { Scope: RestoreScope.Reserve, Subject: not null } => "it is of the whole reserve, and names one subject",
            { Destination: { } d } when string.IsNullOrWhiteSpace(d) => "its destination is empty",
            _ when IsInside(DestinationOf(installation, request), installation.Store.Location) => $"its destination lies in the repository {installation.Store.Location}",
            _ => null,
        };
        if (problem is not null)
        {
            throw new StingException("RestoreRequestInvalid", FailureKind.InvalidArgument, $"This restore is not possible: {problem}.", request.Subject ?? request.Destination,
                "Correct what is named; Get-Help of the Restore-Sting commands shows examples.");
        }
    }

    private static bool IsInside(string path, string folder) =>
        Path.IsPathRooted(folder) && (path + Path.DirectorySeparatorChar).StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private async ValueTask<Counts> CountAsync(RestoreSelection selection, CancellationToken cancel)
    {
        var count = new Counts(new PackTally(repository.View.Index));
        // What cannot be read is told when the plan runs, once and by name.
        await foreach (var (tree, entry) in new MergedTrees(repository.Walker, selection.Trees).WalkAsync(selection.Items.Under, true, static (_, _) => { }, cancel).ConfigureAwait(false))
        {
            if (!selection.Items.Selects(tree.Subject, entry.Path, entry.Kind == ItemKind.Directory, count.Fulfilled))
            {
                continue;
            }
            count.Items++;
            if (entry.Kind != ItemKind.Directory)
            {
                count.Touched.Add(tree.Row.Pseudonym);   // folders on the way to somebody's file are nobody's data
            }
            if (count.Preview.Count < PreviewItems)
            {
                count.Preview.Add(tree.ToItem(entry));
            }
            if (entry.Kind == ItemKind.File)
            {
                await AddFileAsync(count, entry, cancel).ConfigureAwait(false);
            }
            else if (entry.HardLinkTo is { } first && count.Linked.Add(first) && !selection.Items.Selects(tree.Subject, first, false))
            {
                // Its first name stays out, so its second one gets the content.
                await AddFirstAsync(count, tree, first, cancel).ConfigureAwait(false);
            }
        }
        return count;
    }

    private async ValueTask AddFirstAsync(Counts count, PointTree tree, EntryPath path, CancellationToken cancel)
    {
        try
        {
            if (await repository.Walker.FindAsync(tree.Root, path, cancel).ConfigureAwait(false) is { } file)
            {
                await AddFileAsync(count, file, cancel).ConfigureAwait(false);
            }
        }
        catch (StingException e) when (Failures.IsOfOneItem(e))
        {
            // The link fails by name when the plan runs.
        }
    }

    private async ValueTask AddFileAsync(Counts count, TreeEntry file, CancellationToken cancel)
    {
        count.Files++;
        count.Length += file.Length;
        foreach (var extent in file.Extents)
        {
            if (!extent.IsHole)
            {
                count.Packs.Add(extent.Id);
            }
        }
        foreach (var page in file.ContentPages)
        {
            try
            {
                foreach (var chunk in (await repository.Reader.ReadTableAsync(page.Page, cancel).ConfigureAwait(false)).Chunks)
                {
                    count.Packs.Add(chunk);
                }
            }
            catch (StingException e) when (Failures.IsOfOneItem(e))
            {
                // The file fails by name when the plan runs.
            }
        }
    }

    private string When => request switch
    {
        { BackupId: { } id } when !IsLatest(id) => $"at {id.Trim()}",
        { Date: { } date } when !IsLatest(date) => $"on {date.Trim()}",
        _ => "in its latest state",
    };

    private static bool IsLatest(string text) => text.Trim().Equals(PointInTime.Latest.Text, StringComparison.OrdinalIgnoreCase);

    private string Describe() => (request.Scope switch
    {
        RestoreScope.File when request.Subject is { } whose => $"{string.Join(", ", request.Files)} of {whose.Trim()}",
        RestoreScope.File => string.Join(", ", request.Files),
        RestoreScope.User => $"everything of {request.Subject!.Trim()}{(request.WithContributions ? ", contributions to honey jars included," : "")}",
        RestoreScope.HoneyJar => $"honey jar {request.Subject!.Trim()}",
        _ when request.Classes is { Count: > 0 } classes => $"the reserve's {string.Join(", ", classes)}",
        _ => "the whole reserve",
    }) + " " + When;

    private StingException Incomplete(ReserveState state)
    {
        var names = string.Join(", ", state.Missing);
        return new StingException("RestoreIncomplete", FailureKind.Refused, $"The reserve {When} has no restore point of {names}: restored, it would not be whole.", names,
            "Choose a later backup, name the data classes you want by -DataClass, or restore what there is with -AllowPartial.");
    }

    private sealed class Quarantine
    {
        public long Count { get; set; }
        public List<QuarantinedItem> Items { get; } = [];
    }

    private sealed record Counts(PackTally Packs)
    {
        public HashSet<Id16> Touched { get; } = [];
        public long Items { get; set; }
        public long Files { get; set; }
        public long Length { get; set; }
        public HashSet<string> Fulfilled { get; } = new(StringComparer.Ordinal);
        public HashSet<EntryPath> Linked { get; } = [];
        public List<RestorePointItem> Preview { get; } = [];
    }
}
