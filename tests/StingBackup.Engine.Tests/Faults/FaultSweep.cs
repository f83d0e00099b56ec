using System.Globalization;
using StingBackup.Engine.Tests.Restore;

namespace StingBackup.Engine.Tests.Faults;

/// <summary>One call that fails in one way during one verb.</summary>
internal sealed record FaultCase(FaultVerb Verb, StoreCall Call, FaultWay Way)
{
    public override string ToString() => $"{Verb.Name} | {Call} | {Way}";
}

/// <summary>How a verb ended whose call failed.</summary>
internal enum FaultEnd
{
    /// <summary>With an error that names itself.</summary>
    Refused,
    /// <summary>It went on and told of it: an item, a warning, a fault.</summary>
    Told,
    /// <summary>It did all that it does undisturbed.</summary>
    Borne,
    /// <summary>It did not make the call in that run.</summary>
    Missed,
}

/// <summary>What became of the cases of a sweep. Safe to use from many threads.</summary>
internal sealed class FaultTally
{
    private readonly Lock _gate = new();
    private readonly int[] _ends = new int[Enum.GetValues<FaultEnd>().Length];

    public int Cases { get; private set; }
    public List<string> Wrong { get; } = [];
    /// <summary>What was borne without a word, by verb, call and way.</summary>
    public SortedSet<string> Silent { get; } = new(StringComparer.Ordinal);

    public void Begin()
    {
        lock (_gate)
        {
            Cases++;
        }
    }

    public void Add(FaultCase at, FaultEnd end)
    {
        lock (_gate)
        {
            _ends[(int)end]++;
            if (end == FaultEnd.Borne)
            {
                Silent.Add($"{at.Verb.Name}: {at.Call.Tier} {at.Call.Verb} {at.Call.Kind} {at.Way}");
            }
        }
    }

    public void AddWrong(string what)
    {
        lock (_gate)
        {
            Wrong.Add(what);
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Cases} cases: {_ends[0]} ended with an error, {_ends[1]} went on and told of it, {_ends[2]} needed nothing of it, {_ends[3]} did not come to the call; {Wrong.Count} wrong");
}

/// <summary>Lets every call of a verb fail, each way, and looks at what is left.</summary>
internal sealed class FaultSweep(FaultWorlds worlds)
{
    private readonly Dictionary<string, Reference> _references = new(StringComparer.Ordinal);

    /// <summary>What the undisturbed verb does.</summary>
    private sealed record Reference(IReadOnlyList<StoreCall> Calls, int Told, string State, SortedDictionary<string, string>? Restored);

    /// <summary>Every case of a verb.</summary>
    public async Task<IReadOnlyList<FaultCase>> CasesAsync(FaultVerb verb) => [.. (await ReferenceAsync(verb)).Calls
        .SelectMany(call => call.Ways.Where(way => !verb.ListsOwnWrites || (call.Tier, way) != (Tier.Local, FaultWay.Stale)).Select(way => new FaultCase(verb, call, way)))];

    /// <summary>Plays one case.</summary>
    public async Task PlayAsync(FaultCase at, FaultTally tally)
    {
        tally.Begin();
        var heard = new FaultTold();
        try
        {
            await TryAsync(at, await ReferenceAsync(at.Verb), heard, tally);
        }
        catch (Exception e)
        {
            tally.AddWrong($"{at} (it told: {string.Join("; ", heard.Failures)}): {e.GetType().Name} {e.Message}{(e is StingException or Xunit.Sdk.XunitException ? "" : "\n" + e.StackTrace)}");
        }
    }

    private async Task<Reference> ReferenceAsync(FaultVerb verb)
    {
        if (_references.TryGetValue(verb.Name, out var known))
        {
            return known;
        }
        using var world = await worlds.TakeAsync(verb.World);
        await verb.PrepareAsync(world);
        var (script, told) = (new FaultScript(), new FaultTold());
        var before = world.Names();
        await verb.RunAsync(world, script, told);
        told.Failures.AddRange(script.Warnings);
        AssertUnchanged(verb.OnlyReads, before, world, "a verb that only reads changed something");
        await SettleAsync(verb, world);
        var state = await world.LookAsync();
        await AgainAsync(verb, world);
        return _references[verb.Name] = new Reference([.. script.Calls], told.Failures.Count, state, told.Restored);
    }

    private async Task TryAsync(FaultCase at, Reference reference, FaultTold told, FaultTally tally)
    {
        var verb = at.Verb;
        using var world = await worlds.TakeAsync(verb.World);
        await verb.PrepareAsync(world);
        var script = new FaultScript { Target = at.Call, Way = at.Way };
        var before = world.Names();
        var failed = await AttemptAsync(verb, world, script, told);
        CheckRestored(reference, told, failed is not null || told.Failures.Count > reference.Told);
        Assert.True(failed is null || (failed.ErrorId.Length > 0 && failed.Message.Length > 0 && failed.Remedy.Length > 0), $"no id, message or remedy: {failed?.ErrorId} {failed?.Message}");
        var isTold = failed is not null || told.Failures.Count > reference.Told;
        tally.Add(at, failed is not null ? FaultEnd.Refused : script.Hit is null ? FaultEnd.Missed : isTold ? FaultEnd.Told : FaultEnd.Borne);
        AssertUnchanged(verb.OnlyReads, before, world, "a verb that only reads changed something");

        // Whatever happened, what was committed stands.
        world.Erasing ??= verb.Erases;
        if (verb.Mends)
        {
            // But announcements of runs that have ended, which serve nobody, and fragments of the index in whose place others were made from the packs.
            Assert.DoesNotContain(before.Except(world.Names()), name => !name.Contains(" sessions/", StringComparison.Ordinal) && !name.Contains(" index/", StringComparison.Ordinal));
        }
        else
        {
            await world.LookAsync(isTold ? verb : null);
        }

        // And whoever calls it again gets where an undisturbed run gets.
        var then = new FaultTold();
        var again = await AttemptAsync(verb, world, null, then);
        Assert.True(again is null || verb.Refusals.Contains(again.ErrorId), $"after '{failed?.ErrorId ?? "success"}' the next run ends with {again?.ErrorId}: {again?.Message}");
        Assert.True(then.Failures.Count <= reference.Told, $"the next run tells: {string.Join("; ", then.Failures)}");
        CheckRestored(reference, then, false);
        await SettleAsync(verb, world);
        var state = await world.LookAsync();
        Assert.True(state == reference.State, $"after '{failed?.ErrorId ?? "success"}' and a clean run there is\n{state}\nwhere an undisturbed one leaves\n{reference.State}");
        await AgainAsync(verb, world);
    }

    private static async Task<StingException?> AttemptAsync(FaultVerb verb, FaultWorld world, FaultScript? script, FaultTold told)
    {
        try
        {
            await verb.RunAsync(world, script, told);
            return null;
        }
        catch (StingException e)
        {
            return e;
        }
        finally
        {
            told.Failures.AddRange(script?.Warnings.AsEnumerable() ?? []);
        }
    }

    private static async Task SettleAsync(FaultVerb verb, FaultWorld world)
    {
        (world.Erased, world.Erasing) = verb.Erases is { } erased ? (erased, null) : (world.Erased, world.Erasing);
        if (verb.ThenAsync is { } then)
        {
            await then(world, null, new FaultTold());
        }
    }

    /// <summary>Nothing wrong stands under a final name, and what is missing was told.</summary>
    private static void CheckRestored(Reference reference, FaultTold told, bool isTold)
    {
        if (reference.Restored is not { } whole || told.Restored is not { } restored)
        {
            return;
        }
        if (!isTold)
        {
            FolderImage.AssertSame(whole, restored);
        }
        Assert.All(restored, item => Assert.Equal(whole.GetValueOrDefault(item.Key), item.Value));
    }

    private static async Task AgainAsync(FaultVerb verb, FaultWorld world)
    {
        if (verb.IsMaintenance)
        {
            var before = world.Names();
            await verb.RunAsync(world, null, new FaultTold());
            AssertUnchanged(true, before, world, "once more changed something");
        }
    }

    private static void AssertUnchanged(bool counts, IReadOnlyList<string> before, FaultWorld world, string what)
    {
        var after = world.Names();
        Assert.True(!counts || before.SequenceEqual(after), $"{what}: gone {string.Join(' ', before.Except(after))}; new {string.Join(' ', after.Except(before))}");
    }
}
