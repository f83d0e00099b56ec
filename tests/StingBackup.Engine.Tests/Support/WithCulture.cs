using System.Globalization;

namespace StingBackup.Engine.Tests.Support;

/// <summary>Sets the thread's culture until disposed.</summary>
internal sealed class WithCulture : IDisposable
{
    private readonly CultureInfo _before = CultureInfo.CurrentCulture, _beforeUi = CultureInfo.CurrentUICulture;

    public WithCulture(string name) => CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(name);

    public void Dispose() => (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (_before, _beforeUi);
}
