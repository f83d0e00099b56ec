namespace StingBackup.Engine.Tests.Guardian.Simulation;

/// <summary>An attack in steps: each call is what it does between two runs; it returns how many files are damaged so far.</summary>
internal abstract class Encryptor
{
    private readonly HashSet<string> _done = new(StringComparer.Ordinal);
    private int _steps;

    public abstract string Name { get; }

    /// <summary>Files that it has damaged.</summary>
    public int Damaged { get; private set; }

    /// <summary>Damages some; false when there is nothing left to damage.</summary>
    public bool Step(SimulatedSubject subject)
    {
        var left = subject.Files.Where(f => !_done.Contains(f.Key) && Takes(f.Value.Format)).Select(f => f.Key).Order(StringComparer.Ordinal).ToList();
        if (left.Count == 0)
        {
            return false;
        }
        if (++_steps % Every != 0)
        {
            return true;
        }
        var now = left.Take(Math.Max(1, (int)Math.Ceiling(Share * subject.Files.Count))).ToList();
        foreach (var path in now)
        {
            _done.Add(Damage(subject, path) ?? path);
            Damaged++;
        }
        Finish(subject, now);
        return now.Count < left.Count;
    }

    /// <summary>The share of all files that it takes between two runs.</summary>
    protected abstract double Share { get; }

    /// <summary>It does something before every run, or only before each so many.</summary>
    protected virtual int Every => 1;

    /// <summary>Whether it is interested in files of a format.</summary>
    protected virtual bool Takes(Format format) => true;

    /// <summary>Damages a file; returns the path that stands for it now, null where there is none.</summary>
    protected abstract string? Damage(SimulatedSubject subject, string path);

    protected virtual void Finish(SimulatedSubject subject, IReadOnlyList<string> now)
    {
    }

    protected void Spare(string path) => _done.Add(path);

    protected static byte[] Cipher(SimulatedSubject subject, int length)
    {
        var bytes = new byte[length];
        subject.Random.NextBytes(bytes);
        return bytes;
    }
}

/// <summary>Everything between two runs, another extension behind each name, key material at the end.</summary>
internal sealed class FastEncryptor : Encryptor
{
    public override string Name => "fast";
    protected override double Share => 1;

    protected override string? Damage(SimulatedSubject subject, string path)
    {
        var length = subject.Files[path].Content.Length;
        subject.Delete(path);
        subject.Put($"{path}.qx7", Format.Opaque, Cipher(subject, length + 256));
        return $"{path}.qx7";
    }
}

/// <summary>One file in a hundred a run, in place, under its own name.</summary>
internal sealed class SlowEncryptor : Encryptor
{
    public override string Name => "slow, 1 % a run";
    protected override double Share => 0.01;

    protected override string? Damage(SimulatedSubject subject, string path)
    {
        subject.Put(path, Format.Opaque, Cipher(subject, subject.Files[path].Content.Length));
        return path;
    }
}

/// <summary>Every other block of 1 KiB, the first one left alone: beginning and length stay.</summary>
internal sealed class IntermittentEncryptor : Encryptor
{
    private const int Block = 1 << 10;

    public override string Name => "intermittent blocks";
    protected override double Share => 0.2;

    protected override string? Damage(SimulatedSubject subject, string path)
    {
        var (format, before) = subject.Files[path];
        var content = (byte[])before.Clone();
        for (var at = Block; at < content.Length; at += 2 * Block)
        {
            subject.Random.NextBytes(content.AsSpan(at, Math.Min(Block, content.Length - at)));
        }
        if (content.Length <= Block)
        {
            subject.Random.NextBytes(content.AsSpan(content.Length / 4));
        }
        subject.Put(path, format, content);
        return path;
    }
}

/// <summary>New names that say nothing, a note in each folder.</summary>
internal sealed class RenamingEncryptor : Encryptor
{
    public override string Name => "renaming";
    protected override double Share => 0.34;

    protected override string? Damage(SimulatedSubject subject, string path)
    {
        var length = subject.Files[path].Content.Length;
        var to = $"{path[..(path.LastIndexOf('/') + 1)]}{subject.Random.NextInt64():x16}.{subject.Random.Next(100_000):x}";
        subject.Delete(path);
        subject.Put(to, Format.Opaque, Cipher(subject, length + 16));
        return to;
    }

    protected override void Finish(SimulatedSubject subject, IReadOnlyList<string> now)
    {
        foreach (var folder in now.Select(p => p[..(p.LastIndexOf('/') + 1)]).Distinct(StringComparer.Ordinal))
        {
            var note = $"{folder}WHAT-HAPPENED.txt";
            subject.Put(note, Format.Text, SimulatedContent.Make(Format.Text, 900, new Random(1)));
            Spare(note);
        }
    }
}

/// <summary>Copies everything away and deletes it here, a third at a time.</summary>
internal sealed class ExfiltratingDeleter : Encryptor
{
    public override string Name => "exfiltrate and delete";
    protected override double Share => 0.34;

    protected override string? Damage(SimulatedSubject subject, string path)
    {
        subject.Delete(path);
        return null;
    }

    protected override void Finish(SimulatedSubject subject, IReadOnlyList<string> now)
    {
        subject.Put("users/x/CONTACT.txt", Format.Text, SimulatedContent.Make(Format.Text, 600, new Random(2)));
        Spare("users/x/CONTACT.txt");
    }
}
