// App Configuration: one feature flag per plan, and the settings that throttle. Keys are the names of the settings.

@description('Region of the store.')
param location string

@description('Name of the store.')
@minLength(5)
@maxLength(50)
param name string

@description('Feature flags: { plan, enabled } each. A plan that is off refuses new runs with FLAG_DISABLED.')
param plans array

@description('Settings: { name, value } each. No secret belongs here.')
param settings array

@description('Whether flags and settings are written. Needs the role App Configuration Data Owner on the resource group.')
param writeValues bool

@description('Tags of every resource.')
param tags object

// Access keys are off, so what is written goes through with the rights of whoever deploys. The endpoint stays public:
// nothing here is a secret, and only Entra identities with a role get in.
resource store 'Microsoft.AppConfiguration/configurationStores@2024-05-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: 'standard'
  }
  properties: {
    disableLocalAuth: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 7
    publicNetworkAccess: 'Enabled'
    dataPlaneProxy: {
      authenticationMode: 'Pass-through'
      privateLinkDelegation: 'Disabled'
    }
  }
}

var writtenPlans = writeValues ? plans : []
var writtenSettings = writeValues ? settings : []

// A flag's key is its id after a prefix; the slash is written ~2F in the name of a resource.
resource flag 'Microsoft.AppConfiguration/configurationStores/keyValues@2024-05-01' = [for one in writtenPlans: {
  parent: store
  name: '.appconfig.featureflag~2Fplan.${one.plan}'
  properties: {
    contentType: 'application/vnd.microsoft.appconfig.ff+json;charset=utf-8'
    value: string({
      id: 'plan.${one.plan}'
      description: 'Whether runs of this plan may be started'
      enabled: one.enabled
      conditions: {
        client_filters: []
      }
    })
  }
}]

resource setting 'Microsoft.AppConfiguration/configurationStores/keyValues@2024-05-01' = [for one in writtenSettings: {
  parent: store
  name: one.name
  properties: {
    value: one.value
  }
}]

output name string = store.name
output endpoint string = store.properties.endpoint
