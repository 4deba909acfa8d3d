# {{title}}
# Load or refresh it: {{refresh}}
# Take it away: {{remove}}
# A key is asked from the store when this runs. One that cannot be read leaves its variable as it was.

& {
    # In a scope of its own: nothing in here outlives it, and the caller's preferences do not reach in.
    $ErrorActionPreference = 'SilentlyContinue'
    $PSNativeCommandUseErrorActionPreference = $false

    function Set-Export([string] $Name, [string] $Value) {
        Set-Item -LiteralPath "Env:$Name" -Value $Value
        $names = @("$env:GOOSE_SETUP_EXPORTS" -split ',' | Where-Object { $_ })
        if ($names -cnotcontains $Name) { $env:GOOSE_SETUP_EXPORTS = ($names + $Name) -join ',' }
    }

    function Set-Key([string] $Name, [string] $Stored, [string] $Provider) {
        $before = Get-Variable -Name LASTEXITCODE -Scope Global -ValueOnly -ErrorAction SilentlyContinue
        $lines = @()
        try {
            $lines = @(@() | & {{program}} key print $Provider --env $Stored 2>$null)
            if ($global:LASTEXITCODE -ne 0) { $lines = @() }
        } catch { $lines = @() }
        $global:LASTEXITCODE = $before
        if ($lines.Count -eq 1 -and "$($lines[0])" -ne '') {
            Set-Export $Name "$($lines[0])"
        } else {
            [Console]::Error.WriteLine("goose-setup: the $Provider key cannot be read, so $Name is left as it was; run: goose-setup check $Provider")
        }
    }

{{exports}}
}
