using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tests.World;

internal sealed partial class SimulatedWorld
{
    /// <summary>
    /// The end: everything comes back, time passes, the caretakers run until nothing changes. Then every point is restored, everything is verified, nothing is left that nobody needs, and nothing stands in the way of anybody.
    /// </summary>
    public async Task EndAsync()
    {
        while (Disk.Away.Count > 0)
        {
            Disk.Mount(Disk.Away.First());
        }
        foreach (var host in Hosts)
        {
            host.Clock.Ahead = TimeSpan.Zero;
            if (host.Running is { } running)
            {
                running.WasDisturbed = true;   // what was disturbed before may still show
                await FinishAsync(host);
            }
        }
        _now += TimeSpan.FromHours(2);
        await AloneAsync(0, Verb.MendKeys, isDisturbed: _damaged.Count > 0);
        if (Shape.HasRemote)
        {
            await AloneAsync(0, Verb.HealRemote, isDisturbed: _damaged.Count > 0);
            await AloneAsync(0, Verb.Heal, isDisturbed: _damaged.Count > 0);
        }
        if (IsRenewing)
        {
            await AloneAsync(0, Verb.NewSubjectKeys);
        }
        if (_damaged.Keys.Where(d => Tiers[d.Item1].Objects.ContainsKey(d.Item2)).ToList() is { Count: > 0 } left)
        {
            throw new ModelViolation($"a repair of both tiers left {string.Join(", ", left)} as it was");
        }
        _damaged.Clear();   // of what is gone the reach of points tells whether it is missed
        for (var host = 0; host < Hosts.Count; host++)
        {
            await AloneAsync(host, Verb.Backup);
        }
        await AloneAsync(0, Verb.EndErasure);
        for (var (round, before) = (0, -1); round < 12 && before != Caretaken(); round++)
        {
            before = Caretaken();
            foreach (var host in (int[])[0, 1])
            {
                _now += Grace + TimeSpan.FromHours(1);
                await AloneAsync(host, Verb.Sweep);
                if (Shape.HasRemote)
                {
                    await AloneAsync(host, Verb.Sync);
                    await AloneAsync(host, Verb.SweepRemote);
                }
            }
        }
        await AloneAsync(0, Verb.EndErasure);   // one that had to wait for a sync
        foreach (var tier in Tiers.Keys)
        {
            CheckReach(tier);
        }
        await RestoreAllAsync();
        await VerifyAllAsync();
        CheckNothingIsLeft();
    }

    /// <summary>Changes as long as caretakers find something to do: a number that marks and packs give.</summary>
    private int Caretaken() => Tiers.Values.SelectMany(t => t.Objects.Keys).Where(n => ObjectKinds.Of(n) is ObjectKind.Mark or ObjectKind.DataPack or ObjectKind.MetaPack).Aggregate(0, (sum, name) => HashCode.Combine(sum, name));

    private async Task RestoreAllAsync()
    {
        foreach (var (point, part) in Restorable())
        {
            var running = new RunningVerb(Verb.Restore, 0, new Gate { IsOpen = true }) { Began = _now };
            await using var installation = await Hosts[0].OpenAsync(running);
            List<StingException> errors;
            try
            {
                errors = await RestoreAsync(installation, point, part.Class);
            }
            catch (StingException e)
            {
                throw new ModelViolation($"{part.Class} of {point.Name} cannot be restored: {e.ErrorId}: {e.Message}");
            }
            CompareRestored(running, point, part.Class, errors);
        }
    }

    private async Task VerifyAllAsync()
    {
        foreach (var tier in Tiers.Keys)
        {
            var running = new RunningVerb(Verb.Verify, 0, new Gate { IsOpen = true }) { Began = _now };
            await using var installation = await Hosts[0].OpenAsync(running);
            var found = await CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Data, Tier = tier }, default));
            if (found.Value.Faults.Count > 0)
            {
                throw new ModelViolation($"at the end the {tier} tier has faults: {string.Join("; ", found.Value.Faults.Select(f => $"{f.Object}: {f.Problem}"))}");
            }
        }
    }

    /// <summary>Storage that nothing needs is freed in the end, and no mark stands for ever.</summary>
    private void CheckNothingIsLeft()
    {
        var needed = Book.LiveOn(Tier.Local).SelectMany(live => Book.NeedsOf(live.Part)).ToHashSet();
        foreach (var tier in Tiers.Values)
        {
            var left = tier.Objects.Keys.FirstOrDefault(name => ObjectKinds.Of(name) == ObjectKind.Mark);
            if (left is not null)
            {
                throw new ModelViolation($"mark '{left}' stands for ever on the {tier.Tier} tier");
            }
            foreach (var pack in Book.PacksOf(tier.Tier))
            {
                if (!Book.IdsOf(pack.Id).Any(needed.Contains))
                {
                    throw new ModelViolation($"pack '{pack.Name}' of the {tier.Tier} tier is needed by nothing and is never freed");
                }
            }
        }
        foreach (var sessions in Tiers[Tier.Local].Objects.Keys.Where(name => ObjectKinds.Of(name) == ObjectKind.Session).GroupBy(name => ObjectKinds.RunIn(name).Writer))
        {
            if (sessions.Count() > 1)
            {
                throw new ModelViolation($"{sessions.Count()} sessions of writer {sessions.Key} are never removed");
            }
        }
    }

    /// <summary>A host does a verb while nobody else does anything; it must do it.</summary>
    private async Task AloneAsync(int number, Verb verb, bool isDisturbed = false)
    {
        var host = Hosts[number];
        await BeginAsync(host, verb, 1);
        if (host.Running is { } running)
        {
            running.WasDisturbed = isDisturbed;
            await FinishAsync(host);
        }
    }

    private async Task FinishAsync(WorldHost host)
    {
        while (host.Running is { } running)
        {
            await GoAsync(host, running, 1000);
        }
    }
}
