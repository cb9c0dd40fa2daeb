// The vault for the two secrets of a migration: webhook URLs of the portal and the URL of the import gateway. The
// template never sees them: a person puts them in (docs/guides/deployment.md), the app reads them by its identity.

@description('Region of the vault.')
param location string

@description('Name of the vault, 3 to 24 letters, digits and dashes.')
@minLength(3)
@maxLength(24)
param name string

@description('How long a deleted secret can be had back, in days.')
@minValue(7)
@maxValue(90)
param undeleteDays int

@description('Subnet of the app, which may always come in.')
param appSubnetId string

@description('Public addresses of people who set secrets; may be empty.')
param operatorAddresses array

@description('Whether private endpoints are the only way in.')
param privateOnly bool

@description('Workspace that is told who read which secret when.')
param workspaceId string

@description('Tags of every resource.')
param tags object

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: undeleteDays
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: 'Deny'
      ipRules: [for address in operatorAddresses: {
        value: address
      }]
      virtualNetworkRules: [
        {
          id: appSubnetId
        }
      ]
    }
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'audit'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'AuditEvent'
        enabled: true
      }
    ]
  }
}

output id string = vault.id
output name string = vault.name
output url string = vault.properties.vaultUri
