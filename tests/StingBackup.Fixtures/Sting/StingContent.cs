using StingBackup.Engine.Reserve.Sample;

namespace StingBackup.Fixtures.Sting;

/// <summary>The bytes of an upload: those of a sample file, and what was edited since.</summary>
internal sealed record StingContent(SampleFileKind Kind, long Length, ulong Seed)
{
    /// <summary>Seeds of its edits, the oldest first.</summary>
    public IReadOnlyList<ulong> Edits { get; init; } = [];

    /// <summary>The same after one more edit, which leaves most of it.</summary>
    public StingContent Edited(ulong seed) => this with { Edits = [.. Edits, seed] };

    public byte[] ToBytes()
    {
        using var stream = new MemoryStream((int)Length + (4096 * Edits.Count));
        SampleContent.Write(stream, Kind, Length, Seed);
        foreach (var edit in Edits)
        {
            SampleTick.Edit(stream, new SampleRandom(edit));
        }
        return stream.ToArray();
    }

    public bool Equals(StingContent? other) => other is not null && Kind == other.Kind && Length == other.Length && Seed == other.Seed && Edits.SequenceEqual(other.Edits);

    public override int GetHashCode() => Seed.GetHashCode();

    /// <summary>As STING's table of types has it.</summary>
    public static string TypeOf(SampleFileKind kind) => kind switch
    {
        SampleFileKind.Pdf or SampleFileKind.ScannedPdf => "application/pdf",
        SampleFileKind.Jpeg => "image/jpeg",
        SampleFileKind.Png => "image/png",
        SampleFileKind.Csv => "text/csv",
        SampleFileKind.Json => "application/json",
        SampleFileKind.Html => "text/html",
        SampleFileKind.Markdown => "text/markdown",
        SampleFileKind.Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        SampleFileKind.Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _ => "text/plain",
    };
}
