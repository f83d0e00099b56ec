using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Guardian;

/// <summary>A run in which something happened to a subject.</summary>
/// <param name="TimeNs">The moment of its cut.</param>
/// <param name="Sequence">Its number.</param>
/// <param name="Activity">What was counted.</param>
/// <param name="Score">What it came to.</param>
/// <param name="Reasons">Why.</param>
internal sealed record RememberedRun(long TimeNs, long Sequence, SubjectActivity Activity, int Score, AnomalyReasons Reasons);

/// <summary>Damage of one run that the sum still remembers.</summary>
internal sealed record DamageTrace(long TimeNs, double Amount);

/// <summary>What a host remembers of a subject to judge its next run by: numbers, no names.</summary>
internal sealed class SubjectMemory(Id16 tag, Id16 pseudonym)
{
    /// <summary>Older traces are joined.</summary>
    private const int MostTraces = 64;

    /// <summary>Told by the writer's tag, so that an erasure finds it; zero for the reserve as a whole.</summary>
    public Id16 Tag { get; } = tag;
    public Id16 Pseudonym { get; } = pseudonym;
    /// <summary>The last runs in which something happened, suspicious or not.</summary>
    public List<RememberedRun> Runs { get; } = [];
    /// <summary>When the sums were right.</summary>
    public long TimeNs { get; set; }
    public double Scrambled { get; set; }
    public double Wrecked { get; set; }
    public double Deleted { get; set; }
    public double DeletedShare { get; set; }
    /// <summary>Of that, what went while enciphered content came elsewhere.</summary>
    public double SealedShare { get; set; }
    public double SameLength { get; set; }
    public double Rewritten { get; set; }
    public double Names { get; set; }
    /// <summary>Which runs the damage came from.</summary>
    public List<DamageTrace> Traces { get; } = [];
    /// <summary>From when on restore points are suspect; zero while nothing is.</summary>
    public long SinceNs { get; set; }

    public IReadOnlyList<RememberedRun> Usual => [.. Runs.Where(r => r.Score < AnomalyThresholds.NotUsual)];

    /// <summary>Forgets what time has passed over.</summary>
    public void AgeTo(long timeNs)
    {
        if (TimeNs > 0 && timeNs > TimeNs)
        {
            double left = Left(timeNs, AnomalyThresholds.HalfLife), leftOfDeleted = Left(timeNs, AnomalyThresholds.DeletionHalfLife);
            (Scrambled, Wrecked, Deleted, DeletedShare, SealedShare) = (Scrambled * left, Wrecked * left, Deleted * leftOfDeleted, DeletedShare * leftOfDeleted, SealedShare * leftOfDeleted);
            (SameLength, Rewritten, Names) = (SameLength * left, Rewritten * left, Names * left);
            for (var i = 0; i < Traces.Count; i++)
            {
                Traces[i] = Traces[i] with { Amount = Traces[i].Amount * left };
            }
            Traces.RemoveAll(t => t.Amount < 0.05);
        }
        TimeNs = Math.Max(TimeNs, timeNs);
    }

    private double Left(long timeNs, TimeSpan halfLife) => Math.Pow(0.5, (timeNs - TimeNs) / (halfLife.Ticks * 100.0));

    /// <summary>Remembers damage.</summary>
    public void Trace(long timeNs, double amount)
    {
        if (amount > 0)
        {
            Traces.Add(new DamageTrace(timeNs, amount));
            if (Traces.Count > MostTraces)
            {
                Traces[0] = Traces[0] with { Amount = Traces[0].Amount + Traces[1].Amount };
                Traces.RemoveAt(1);
            }
        }
    }

    /// <summary>The run with which the damage began: a little from long before does not count.</summary>
    public long BeginNs(long nowNs)
    {
        var all = Traces.Sum(t => t.Amount);
        double sum = 0;
        foreach (var trace in Traces)
        {
            sum += trace.Amount;
            if (sum > AnomalyThresholds.SinceShare * all)
            {
                return trace.TimeNs;
            }
        }
        return nowNs;
    }

    public void Remember(RememberedRun run)
    {
        Runs.Add(run);
        if (Runs.Count > 2 * AnomalyThresholds.History)
        {
            Runs.RemoveAt(0);
        }
        while (Usual.Count > AnomalyThresholds.History)
        {
            Runs.Remove(Usual[0]);
        }
    }

    /// <summary>Somebody has said that all is well: what was counted counts no more.</summary>
    public void Settle()
    {
        (Scrambled, Wrecked, Deleted, DeletedShare, SealedShare, SameLength, Rewritten, Names, SinceNs) = (0, 0, 0, 0, 0, 0, 0, 0, 0);
        Traces.Clear();
    }

    public void Write(BinaryWriter writer)
    {
        writer.Write(Tag.ToArray());
        writer.Write(Pseudonym.ToArray());
        writer.Write(TimeNs);
        writer.Write(SinceNs);
        foreach (var sum in (ReadOnlySpan<double>)[Scrambled, Wrecked, Deleted, DeletedShare, SealedShare, SameLength, Rewritten, Names])
        {
            writer.Write((float)sum);
        }
        writer.Write7BitEncodedInt(Traces.Count);
        foreach (var trace in Traces)
        {
            writer.Write(trace.TimeNs);
            writer.Write((float)trace.Amount);
        }
        writer.Write7BitEncodedInt(Runs.Count);
        foreach (var run in Runs)
        {
            writer.Write(run.TimeNs);
            writer.Write7BitEncodedInt64(run.Sequence);
            writer.Write((byte)run.Score);
            writer.Write7BitEncodedInt((int)run.Reasons);
            run.Activity.Write(writer);
        }
    }

    public static SubjectMemory Read(BinaryReader reader, int figures)
    {
        var memory = new SubjectMemory(new Id16(reader.ReadBytes(Id16.Size)), new Id16(reader.ReadBytes(Id16.Size)))
        {
            TimeNs = reader.ReadInt64(), SinceNs = reader.ReadInt64(), Scrambled = reader.ReadSingle(), Wrecked = reader.ReadSingle(), Deleted = reader.ReadSingle(), DeletedShare = reader.ReadSingle(), SealedShare = reader.ReadSingle(),
            SameLength = reader.ReadSingle(), Rewritten = reader.ReadSingle(), Names = reader.ReadSingle(),
        };
        for (var left = reader.Read7BitEncodedInt(); left > 0; left--)
        {
            memory.Traces.Add(new DamageTrace(reader.ReadInt64(), reader.ReadSingle()));
        }
        for (var left = reader.Read7BitEncodedInt(); left > 0; left--)
        {
            long time = reader.ReadInt64(), sequence = reader.Read7BitEncodedInt64();
            int score = reader.ReadByte(), reasons = reader.Read7BitEncodedInt();
            memory.Runs.Add(new RememberedRun(time, sequence, SubjectActivity.Read(reader, figures), score, (AnomalyReasons)reasons));
        }
        return memory;
    }
}
