using PdfSharp.Fonts;

namespace StingBackup.Engine.Operations.Reports;

/// <summary>The faces of reports in PDF: they come with this program, so that a report looks the same wherever it is made.</summary>
internal sealed class PdfFonts : IFontResolver
{
    public const string Family = "Roboto";

    private static readonly Lazy<bool> Used = new(static () =>
    {
        GlobalFontSettings.FontResolver = new PdfFonts();
        return true;
    });

    /// <summary>Sees that the library asks here; once a process.</summary>
    public static void Use() => _ = Used.Value;

    public FontResolverInfo? ResolveTypeface(string familyName, bool isBold, bool isItalic) => familyName == Family ? new FontResolverInfo(isBold ? "Roboto-Bold" : "Roboto-Regular") : null;

    public byte[] GetFont(string faceName)
    {
        using var resource = typeof(PdfFonts).Assembly.GetManifestResourceStream(faceName) ?? throw new InvalidOperationException($"The face {faceName} is missing from the program.");
        var bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return bytes;
    }
}
