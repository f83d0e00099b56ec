namespace StingBackup.Fuzz.Tests.Loop;

/// <summary>One parser, and what it may do with bytes that somebody else made.</summary>
/// <param name="Name">Its name, and that of its folder in the corpora.</param>
/// <param name="Seeds">Inputs that it takes, made by the engine where they could be.</param>
/// <param name="Run">Parses; what it throws is judged by <see cref="Refuses"/>.</param>
internal sealed record FuzzTarget(string Name, Func<IEnumerable<byte[]>> Seeds, Action<byte[]> Run)
{
    /// <summary>Whether an exception is the refusal that the parser documents.</summary>
    public Func<Exception, bool> Refuses { get; init; } = static e => e is StingException { ErrorId.Length: > 0 };

    /// <summary>Bytes that may be allocated for each byte of input, besides <see cref="Floor"/>.</summary>
    public int PerByte { get; init; } = 100;

    /// <summary>Bytes that may be allocated for an empty input.</summary>
    public long Floor { get; init; } = 256 << 10;

    /// <summary>Longest input that is made.</summary>
    public int MaxLength { get; init; } = 4096;

    /// <summary>Pieces that mean something to the parser.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Inputs that the tests make of each run.</summary>
    public int Burst { get; init; } = 250;

    public override string ToString() => Name;
}

/// <summary>What an input brought about that it should not.</summary>
/// <param name="Kind">Crash, memory, time or misread.</param>
/// <param name="Key">By which the same defect is known again.</param>
/// <param name="Detail">For people.</param>
internal sealed record Finding(string Kind, string Key, string Detail);

/// <summary>A property that a target itself checks, broken.</summary>
internal sealed class MisreadException(string message) : Exception(message);
