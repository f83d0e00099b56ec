namespace StingBackup.Engine.Reserve.Sample;

/// <summary>The kinds of files that people and jars hold.</summary>
internal enum SampleFileKind
{
    Pdf,
    /// <summary>A PDF of compressed streams.</summary>
    ScannedPdf,
    Text,
    Jpeg,
    Png,
    Csv,
    Json,
    Xlsx,
    Markdown,
    Docx,
    Html,
    Log,
    Settings,
    Environment,
    /// <summary>Embeddings: rows of 384 single-precision numbers between −1 and 1.</summary>
    Vectors,
}

internal static class SampleFileKinds
{
    /// <summary>The extension, with its dot.</summary>
    public static string Extension(this SampleFileKind kind) => kind switch
    {
        SampleFileKind.Pdf or SampleFileKind.ScannedPdf => ".pdf",
        SampleFileKind.Text => ".txt",
        SampleFileKind.Jpeg => ".jpg",
        SampleFileKind.Png => ".png",
        SampleFileKind.Csv => ".csv",
        SampleFileKind.Json => ".json",
        SampleFileKind.Xlsx => ".xlsx",
        SampleFileKind.Markdown => ".md",
        SampleFileKind.Docx => ".docx",
        SampleFileKind.Html => ".html",
        SampleFileKind.Log => ".log",
        SampleFileKind.Settings => ".yml",
        SampleFileKind.Environment => ".env",
        _ => ".bin",
    };

    /// <summary>True when its bytes do not compress any further.</summary>
    public static bool IsCompressed(this SampleFileKind kind) =>
        kind is SampleFileKind.ScannedPdf or SampleFileKind.Jpeg or SampleFileKind.Png or SampleFileKind.Xlsx or SampleFileKind.Docx;
}
