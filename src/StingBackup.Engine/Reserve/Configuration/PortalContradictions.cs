namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>The linter of the portal: what would send sessions in the clear, and a way to sign in that leads nowhere.</summary>
internal sealed class PortalContradictions(SettingValues values, FindingList findings, string file)
{
    public void Run()
    {
        if (values.IsRefused(PortalSettings.Address))
        {
            return;
        }
        var portal = PortalSettings.Bind(values);
        var address = new Uri(portal.Address);
        var (certificate, key) = (values.Get(PortalSettings.CertificateFile), values.Get(PortalSettings.CertificateKey));
        if (certificate is null != key is null)
        {
            Refuse(certificate is null ? PortalSettings.CertificateKey : PortalSettings.CertificateFile, "portal.certificate and portal.certificate_key belong together, and one of them is not set", "Set both, or neither.");
        }
        else if (address.Scheme == Uri.UriSchemeHttps && certificate is null)
        {
            Refuse(PortalSettings.Address, $"portal.address is {portal.Address}, but there is no certificate", "Set portal.certificate and portal.certificate_key, or listen at http://127.0.0.1 behind a proxy that ends TLS.");
        }
        else if (address.Scheme == Uri.UriSchemeHttp && !address.IsLoopback)
        {
            Refuse(PortalSettings.Address, $"portal.address is {portal.Address}: whoever is on the way would read people's sessions and files", "Use https with portal.certificate, or listen at http://127.0.0.1.");
        }
        InTheClear(PortalSettings.PublicAddress);
        InTheClear(PortalSettings.Kratos);
        InTheClear(PortalSettings.OidcIssuer);
        if (portal.SignIn == PortalSignIn.Kratos && portal.Kratos is null)
        {
            Refuse(PortalSettings.SignIn, "portal.sign_in is kratos, but portal.kratos is not set", "Set portal.kratos to the public address of Ory Kratos.");
        }
        if (portal.SignIn == PortalSignIn.OpenIdConnect && portal.Oidc is null)
        {
            Refuse(PortalSettings.SignIn, "portal.sign_in is oidc, but portal.oidc_issuer or portal.oidc_client_id is not set", "Set both.");
        }
    }

    private void InTheClear(Setting<string?> setting)
    {
        if (!values.IsRefused(setting) && values.Get(setting) is { } text && new Uri(text) is { Scheme: "http", IsLoopback: false })
        {
            Refuse(setting, $"{setting.Key} is {text}: whoever is on the way would read what people sign in with", "Use https.");
        }
    }

    private void Refuse(Setting setting, string problem, string remedy)
    {
        var origin = values.OriginOf(setting);
        findings.Error(setting.Key, origin.File ?? file, origin.Line, problem, remedy);
    }
}
