[assembly: Microsoft.Extensions.Localization.RootNamespace("StingBackup.Portal")]

namespace StingBackup.Portal;

/// <summary>The texts of the pages: <c>Resources/Texts.resx</c>.</summary>
internal sealed class Texts;
